import { TokenError } from "@parley/auth";
import { closeCode, type RefreshFrame } from "@parley/protocol";
import { keepForSession } from "../kept.ts";
import { type Outcome, reject, reply } from "../outcome.ts";
import type { Services } from "../services.ts";
import type { Session } from "../session.ts";

/** The session takes the new expiry. A token of somebody else ends it. */
export async function handleRefresh(services: Services, session: Session, frame: RefreshFrame): Promise<Outcome> {
  try {
    const token = await services.tokens.verify(frame.token);
    if (token.user !== session.user) {
      return { kind: "close", code: closeCode.unauthenticated, reason: "token: of another user" };
    }
    session.tokenExpiresAt = token.expiresAt;
    keepForSession(session);
    return reply({ type: "result", id: frame.id });
  } catch (error) {
    if (error instanceof TokenError) return reject(frame.id, error.code, `token: ${error.message}`);
    throw error;
  }
}
