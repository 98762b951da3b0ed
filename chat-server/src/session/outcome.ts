import { type CloseCode, type ErrorCode, errorFrame, type RequestId } from "@parley/protocol";
import type { Answer } from "../channel/request.ts";
import type { PlainFrame } from "./session.ts";

/** What became of one frame. Handlers return it; only the router touches the socket. */
export type Outcome =
  | { readonly kind: "reply"; readonly frame: PlainFrame | string }
  /** Done, and nothing is answered (`read`, `typing`). */
  | { readonly kind: "done" }
  | { readonly kind: "close"; readonly code: CloseCode; readonly reason: string };

export const done: Outcome = { kind: "done" };

export function reply(frame: PlainFrame | string): Outcome {
  return { kind: "reply", frame };
}

export function reject(id: RequestId, code: ErrorCode, message: string, retryAfterMs?: number): Outcome {
  return reply(errorFrame(code, message, { id, retryAfterMs }));
}

export function refusalOf(id: RequestId, answer: Answer & { ok: false }, isRepeat: boolean): Outcome {
  const { code, message, retryAfterMs } = answer;
  return reply(errorFrame(code, message, { id, retryAfterMs, unknown: answer.isUnknown === true || isRepeat }));
}
