import type { UserId } from "@parley/protocol";
import type { Session } from "./session.ts";

/** Gives the gateway what this session would lose with this server. */
export function keepForSession(session: Session): void {
  const kept = Buffer.from(JSON.stringify({ watched: [...(session.watched ?? [])] }), "utf8");
  session.link.send({
    type: "keep",
    attachment: session.attachment,
    kept,
    tokenExpiresAt: session.tokenExpiresAt,
  });
}

/** The users that the session watched before; our own words, come back from the gateway. */
export function watchedBefore(kept: Uint8Array | undefined): readonly UserId[] {
  if (kept === undefined) return [];
  const { watched } = JSON.parse(Buffer.from(kept).toString("utf8")) as { watched?: UserId[] };
  return watched ?? [];
}
