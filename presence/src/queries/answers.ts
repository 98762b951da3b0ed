import type { NodeId } from "@parley/cluster";
import type { UserId } from "@parley/protocol";

export interface DeviceAnswer {
  readonly device: string;
  readonly gateway: NodeId;
  /** The chat server that holds the session. */
  readonly server: NodeId;
  /** ms since 1970. */
  readonly since: number;
}

export interface UserAnswer {
  readonly user: UserId;
  /** "unknown" only where the registry cannot say and nothing was known before. */
  readonly status: "online" | "offline" | "unknown";
  /** ms since 1970; when the last connection went, if any was ever seen. */
  readonly lastSeen?: number;
  readonly devices: readonly DeviceAnswer[];
}

/** `complete: false`: Redis was lost, out of reach or just came back, so that what is missing proves nothing. */
export interface Answer {
  readonly complete: boolean;
}

/** The thing asked for does not exist (404). */
export class NotFoundError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "NotFoundError";
  }
}

/** A field of the request is wrong (400). */
export class FieldError extends Error {
  readonly field: string;
  constructor(field: string, message: string) {
    super(message);
    this.name = "FieldError";
    this.field = field;
  }
}
