import type { ChannelId, Seq, UserId } from "@parley/protocol";
import type { Answer, AppendRequest } from "../channel/request.ts";
import type { PageFrame } from "./device-model.ts";

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
  | { readonly kind: "reset"; readonly from: Seq; readonly head: Seq; readonly at: number }
  | { readonly kind: "end"; readonly at: number };

export interface SocketHistory {
  readonly number: number;
  readonly device: number;
  readonly user: UserId;
  readonly channels: Map<ChannelId, Written[]>;
}

/** One page of a channel that somebody read. */
export interface ReadPage {
  readonly user: UserId;
  readonly channel: ChannelId;
  readonly askedAt: number;
  readonly answeredAt: number;
  readonly after?: Seq;
  readonly before?: Seq;
  /** What the user had been told of when it was asked for. */
  readonly floor: Seq;
  readonly events: readonly PageFrame[];
  readonly isComplete: boolean;
}

/** All that was seen from outside in one run. */
export class History {
  readonly operations: Operation[] = [];
  readonly attempts: Attempt[] = [];
  readonly sockets: SocketHistory[] = [];
  readonly pages: ReadPage[] = [];
  /** What was found while it ran. */
  readonly violations: Violation[] = [];

  /** The highest seq of a channel that a user was told of: by an ack, or on any of the user's sockets. */
  floorOf(user: UserId, channel: ChannelId): Seq {
    let floor = 0;
    for (const { request, answer } of this.attempts) {
      if (request.sender === user && request.channel === channel && answer?.ok) floor = Math.max(floor, answer.seq);
    }
    for (const socket of this.sockets) {
      if (socket.user !== user) continue;
      const last = socket.channels.get(channel)?.findLast(({ kind }) => kind === "event");
      if (last?.kind === "event") floor = Math.max(floor, last.seq);
    }
    return floor;
  }

  violate(rule: string, text: string): void {
    if (this.violations.length < 20) this.violations.push({ rule, text });
  }
}

export interface Violation {
  /** C1 … C11 as in the list of invariants, or the number of a rule of the log. */
  readonly rule: string;
  readonly text: string;
}
