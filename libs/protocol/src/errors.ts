import type { RequestId } from "./ids.ts";
import type { ErrorFrame } from "./server-frames.ts";

export interface ErrorMeaning {
  /** Whether the same request, sent again unchanged, may succeed. */
  readonly retryable: boolean;
  readonly meaning: string;
  readonly when: string;
}

/** The closed registry of `code` in `error`. A code is never renamed, and never used for something else. */
export const errorCodes = {
  bad_frame: {
    retryable: false,
    meaning: "The frame is not one of the contract.",
    when: "not JSON, unknown `type`, a field missing, of the wrong type or out of its range; the message names the field",
  },
  unauthenticated: {
    retryable: false,
    meaning: "The token proves nothing.",
    when: "`hello` or `refresh` with a token that is malformed, badly signed, revoked or of somebody else",
  },
  token_expired: {
    retryable: false,
    meaning: "The token was good once; get a new one.",
    when: "`hello` or `refresh` with an expired token, or a session whose token ran out",
  },
  forbidden: {
    retryable: false,
    meaning: "The member's role does not allow this.",
    when: "a reader sends, a member removes somebody, somebody edits another's message",
  },
  not_found: {
    retryable: false,
    meaning: "What the request points at is not there.",
    when: "`target` or `replyTo` names no message of this channel, or `user` no member",
  },
  not_member: {
    retryable: false,
    meaning: "The user is no member of this channel, or there is no such channel.",
    when: "any request for a channel that the user has no part in; both cases look alike on purpose",
  },
  conflict: {
    retryable: false,
    meaning: "This id was used before for something else.",
    when: "the same `id` with other content, judged against a durable event only",
  },
  too_large: {
    retryable: false,
    meaning: "The content is over its limit in size.",
    when: "`text` over 8,000 characters, `data` over 8 KiB, or the whole frame over the frame limit",
  },
  rate_limited: {
    retryable: true,
    meaning: "Too much at once; send it again after `retryAfterMs`.",
    when: "the user's request rate is over its limit; never settles an id",
  },
  unavailable: {
    retryable: true,
    meaning: "This can't be done just now; send it again.",
    when: "no chat server or no store within reach, a full queue, `prev` not in the log yet; never settles an id",
  },
  internal: {
    retryable: true,
    meaning: "The server failed in a way that it did not foresee.",
    when: "a fault of ours; the logs have it under the session's id",
  },
} as const satisfies Record<string, ErrorMeaning>;

export type ErrorCode = keyof typeof errorCodes;

export interface ErrorExtra {
  /** The request that is answered; left out where none could be read. */
  readonly id?: RequestId | undefined;
  readonly retryAfterMs?: number | undefined;
  /** Another copy of this id may still get in (rule 9 of the log). */
  readonly unknown?: boolean | undefined;
}

/** An `error` frame whose `retryable` is what the registry says of its code. */
export function errorFrame(code: ErrorCode, message: string, extra: ErrorExtra = {}): ErrorFrame {
  return {
    type: "error",
    ...(extra.id === undefined ? {} : { id: extra.id }),
    code,
    message,
    retryable: errorCodes[code].retryable,
    ...(extra.retryAfterMs === undefined ? {} : { retryAfterMs: extra.retryAfterMs }),
    ...(extra.unknown ? { unknown: true } : {}),
  };
}
