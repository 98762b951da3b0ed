import { KeysUnavailableError, TokenError, type TokenVerifier, type VerifiedToken } from "@parley/auth";
import {
  type ChannelId,
  type CloseCode,
  closeCode,
  type ErrorFrame,
  errorFrame,
  type HelloFrame,
  parseClientFrame,
  type Seq,
} from "@parley/protocol";

export interface Refusal {
  readonly kind: "refused";
  readonly error: ErrorFrame;
  readonly code: CloseCode;
  readonly reason: string;
}

export type ReadHello = { readonly kind: "hello"; readonly frame: HelloFrame } | Refusal;
export type CheckedHello = { readonly kind: "accepted"; readonly token: VerifiedToken } | Refusal;

/** The first frame of a socket. The only client frame that the gateway ever parses; anything else ends the socket. */
export function readHello(bytes: Uint8Array, bytesMax: number): ReadHello {
  const parsed = parseClientFrame(bytes, { bytesMax });
  if (!parsed.ok) return refuse(parsed.error, closeCode.badFrame, "bad frame before hello");
  const { frame } = parsed;
  if (frame.type === "hello") return { kind: "hello", frame };
  const id = "id" in frame ? frame.id : undefined;
  const error = errorFrame("bad_frame", "type: must be hello, the first frame on a socket", { id });
  return refuse(error, closeCode.badFrame, "hello must come first");
}

/** Whose socket it is. Never rejects. */
export async function checkHello(tokens: TokenVerifier, frame: HelloFrame): Promise<CheckedHello> {
  try {
    return { kind: "accepted", token: await tokens.verify(frame.token) };
  } catch (error) {
    if (error instanceof TokenError) {
      const message = error.code === "token_expired" ? "token: it has expired" : "token: it is not valid";
      return refuse(errorFrame(error.code, message), closeCode.unauthenticated, error.code);
    }
    const isForeseen = error instanceof KeysUnavailableError;
    const answer = isForeseen
      ? errorFrame("unavailable", "token: it can't be checked just now")
      : errorFrame("internal", "the token could not be checked");
    return refuse(answer, closeCode.unavailable, "token not checked");
  }
}

export function helloCursors(frame: HelloFrame): (readonly [ChannelId, Seq])[] {
  return Object.entries(frame.cursors ?? {});
}

function refuse(error: ErrorFrame, code: CloseCode, reason: string): Refusal {
  return { kind: "refused", error, code, reason };
}
