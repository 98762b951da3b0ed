/**
 * One line of a history. `at`: ms on the one monotonic clock of the simulator's process. `connection`: the number of
 * one socket, never reused. A request is named by (user, id); each frame that carries it is one *attempt*, named by
 * (connection, id, attempt).
 */
export type HistoryLine =
  /** `hello` went out. `isChained`: the device gives `prev` and promises to keep its own order. */
  | {
      readonly line: "connected";
      readonly at: number;
      readonly connection: number;
      readonly user: string;
      readonly device: string;
      readonly cursors: Readonly<Record<string, number>>;
      readonly isChained: boolean;
      /** When the token of this `hello` ends, on the clock of `at`. Absent: not within any run. */
      readonly tokenExpiresAt?: number;
    }
  /** `welcome` came in. `heads`: of each channel that it named. */
  | {
      readonly line: "resumed";
      readonly at: number;
      readonly connection: number;
      readonly heads: Readonly<Record<string, number>>;
      readonly hasMore: boolean;
    }
  | { readonly line: "closed"; readonly at: number; readonly connection: number; readonly code: number }
  | InvokeLine
  | {
      readonly line: "ok";
      readonly at: number;
      readonly connection: number;
      readonly id: string;
      readonly channel: string;
      readonly seq: number;
      readonly isDuplicate: boolean;
    }
  /** A refusal that settles this attempt. */
  | {
      readonly line: "refused";
      readonly at: number;
      readonly connection: number;
      readonly id: string;
      readonly code: string;
    }
  /** The attempt was answered by something that settles nothing, or its socket ended before an answer. */
  | {
      readonly line: "unknown";
      readonly at: number;
      readonly connection: number;
      readonly id: string;
      readonly code: string;
    }
  | { readonly line: "delivered"; readonly at: number; readonly connection: number; readonly event: SeenEvent }
  | {
      readonly line: "gap";
      readonly at: number;
      readonly connection: number;
      readonly channel: string;
      readonly from: number;
      readonly to: number;
    }
  | {
      readonly line: "reset";
      readonly at: number;
      readonly connection: number;
      readonly channel: string;
      readonly head: number;
    }
  /** A `history` request went out. */
  | {
      readonly line: "read";
      readonly at: number;
      readonly connection: number;
      readonly id: string;
      readonly channel: string;
      readonly after?: number;
      readonly before?: number;
    }
  | {
      readonly line: "page";
      readonly at: number;
      readonly connection: number;
      readonly id: string;
      readonly isComplete: boolean;
      readonly events: readonly SeenEvent[];
    }
  /** The device's own program was handed this event by the SDK. */
  | {
      readonly line: "handled";
      readonly at: number;
      readonly user: string;
      readonly device: string;
      readonly channel: string;
      readonly seq: number;
    }
  /** After the end: how far this device got, and how much its outbox still holds. */
  | {
      readonly line: "settled";
      readonly at: number;
      readonly user: string;
      readonly device: string;
      readonly reached: Readonly<Record<string, number>>;
      readonly outbox: number;
    }
  /** After the end, read by a fresh client from 1 to the head: one line an event, in the order read. */
  | { readonly line: "final-log"; readonly at: number; readonly event: SeenEvent }
  /** The fresh client saw this head in `welcome`; the lines of `final-log` of the channel must end there. */
  | { readonly line: "final-head"; readonly at: number; readonly channel: string; readonly head: number }
  | TermsLine
  /** A `refresh` went out with a token that ends then. Answered by `refreshed`, or by `refused` or `unknown`. */
  | {
      readonly line: "refresh";
      readonly at: number;
      readonly connection: number;
      readonly id: string;
      readonly tokenExpiresAt: number;
    }
  | { readonly line: "refreshed"; readonly at: number; readonly connection: number; readonly id: string }
  /** The system has confirmed that the user is locked out: it holds for every socket that said `hello` before. */
  | { readonly line: "revoked"; readonly at: number; readonly user: string }
  /** What was done to the system, for the story of a violation. Nothing is judged by it. */
  | { readonly line: "mark"; readonly at: number; readonly what: string }
  /** Load and faults have ended; from here on the ten seconds of C9 count. */
  | { readonly line: "rest"; readonly at: number }
  | BaselineLine
  /** An answer of the presence queries; `unknown` is one that says itself that it is not complete. */
  | {
      readonly line: "presence";
      readonly at: number;
      readonly askedAt: number;
      readonly user: string;
      readonly status: "online" | "offline" | "unknown";
    };

/** The figures of the system under test that a judgement hangs on. At most one, before all else; each has a default. */
export interface TermsLine {
  readonly line: "terms";
  readonly at: number;
  /** How long a session may outlive its token, the coarseness of the gateway's timer included. Default 35,000. */
  readonly tokenGraceMs?: number;
  /** How long until a confirmed revocation holds everywhere. Default 5,000. */
  readonly revokedWithinMs?: number;
  /** C9, from `rest` on. Default 10,000. */
  readonly settleWithinMs?: number;
  /** How long until presence has learned that a connection came or went. Default 10,000. */
  readonly presenceWithinMs?: number;
  /** Members of one group; an invitation above may be `forbidden`. Default 100,000. */
  readonly membersMax?: number;
  /** C10: by how much a node at rest may be above its baseline. Defaults 2, 5 and 64 MiB. */
  readonly socketsMoreMax?: number;
  readonly timersMoreMax?: number;
  readonly memoryMoreMaxBytes?: number;
}

/**
 * C10: what one node holds while nothing is asked of it, before any client came and after all have gone. A node that
 * came later, in the place of one that was killed on purpose, has no `before` and is held to that of its role.
 */
export interface BaselineLine {
  readonly line: "baseline";
  readonly at: number;
  readonly when: "before" | "after";
  readonly node: string;
  readonly role: string;
  readonly sockets: number;
  readonly timers: number;
  /** After a collection of garbage, where the node can be asked for one. */
  readonly memoryBytes: number;
  /** Ends of the process that nobody had asked for; since its start, as the next is. */
  readonly unexpectedExits: number;
  readonly unhandledRejections: number;
}

export interface InvokeLine {
  readonly line: "invoke";
  readonly at: number;
  readonly connection: number;
  readonly id: string;
  /** Which of the wishes of the device's program this is, the same for all copies; where the recorder can know it. */
  readonly wish?: string;
  readonly type: RequestType;
  /** Absent for `channel.create`. */
  readonly channel?: string;
  readonly prev?: string;
  readonly target?: number;
  readonly replyTo?: number;
  /** Of `channel.invite`, `channel.remove` and `channel.role`: whom it is about. */
  readonly subject?: string;
  /** Of `channel.role`: what that person shall be. */
  readonly role?: string;
  /** Of `channel.create`, as asked for: the maker is not listed. */
  readonly channelKind?: "direct" | "group";
  readonly members?: readonly string[];
  readonly content: Content;
}

/** The requests that append to a log. */
export type RequestType =
  | "send"
  | "edit"
  | "delete"
  | "react"
  | "channel.create"
  | "channel.invite"
  | "channel.remove"
  | "channel.leave"
  | "channel.role";

/** Fingerprints of what a request asks for and of what an event holds; equal where the one became the other. */
export interface Content {
  readonly text?: string;
  /** All that is not text: data, target, emoji, user, role and the like. */
  readonly rest: string;
}

/** An event as some socket saw it. */
export interface SeenEvent {
  readonly channel: string;
  readonly seq: number;
  readonly kind: "message" | "edit" | "delete" | "reaction" | "member" | "created" | "noop";
  readonly sender: string;
  readonly id?: string;
  readonly time: number;
  readonly content: Content;
  /** Fingerprint of the frame as it came; absent where the event was part of a page. */
  readonly bytes?: string;
  readonly target?: number;
  /** Of `created`. */
  readonly channelKind?: "direct" | "group";
  readonly isDeleted?: true;
  readonly isEdited?: true;
  /** `member` and `created`: who is in or out, and as what, from here on. */
  readonly members?: readonly MemberChange[];
}

export interface MemberChange {
  readonly user: string;
  readonly change: "joined" | "left" | "removed" | "role";
  readonly role?: string;
}
