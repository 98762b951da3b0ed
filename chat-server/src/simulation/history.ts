import type { ChannelId, Seq, UserId } from "@parley/protocol";
import type { Answer, AppendRequest } from "../channel/request.ts";

/** One wish of one user, under one id, until it is settled. */
export interface Operation {
  readonly number: number;
  readonly device: number;
  readonly request: AppendRequest;
  readonly isChained: boolean;
  readonly isRaw: boolean;
  readonly invokedAt: number;
  state: "open" | "acked" | "refused" | "unknown";
  settledAt: number;
}

/** One copy of it that was sent, and what was answered to that copy. */
export interface Attempt {
  readonly operation: Operation;
  readonly request: AppendRequest;
  readonly server: number;
  readonly sentAt: number;
  answer: Answer | undefined;
  answeredAt: number;
}

/** What one socket was sent of one channel, in order. */
export type Written =
  | { readonly kind: "from"; readonly cursor: Seq; readonly at: number; readonly isJoined: boolean }
  | { readonly kind: "event"; readonly seq: Seq; readonly payload: Uint8Array; readonly at: number }
  | { readonly kind: "gap"; readonly to: Seq; readonly at: number }
  | { readonly kind: "end"; readonly at: number };

export interface SocketHistory {
  readonly number: number;
  readonly device: number;
  readonly user: UserId;
  readonly channels: Map<ChannelId, Written[]>;
}

/** All that was seen from outside in one run. */
export class History {
  readonly operations: Operation[] = [];
  readonly attempts: Attempt[] = [];
  readonly sockets: SocketHistory[] = [];
  /** What was found while it ran. */
  readonly violations: Violation[] = [];

  violate(rule: string, text: string): void {
    if (this.violations.length < 20) this.violations.push({ rule, text });
  }
}

export interface Violation {
  /** C1 … C11 as in the list of invariants, or the number of a rule of the log. */
  readonly rule: string;
  readonly text: string;
}
