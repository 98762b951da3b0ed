import type { AttachFrame } from "@parley/link";
import type { Clock } from "../clock.ts";

/** When a client's socket was opened, by the clocks of two machines. */
export interface Opening {
  /** ms since 1970, as its gateway's clock says. */
  readonly since: number;
  /** Of our own clock, ms; too late by as long as the word of it was on its way. */
  readonly openedAt: number;
  /** That gateway's clock and ours say the same, or nearly. */
  readonly isClockShared: boolean;
}

/** Clocks that differ by more, or a word that took longer, tell nothing of which of two sockets is the older. */
const apartMaxMs = 1_000;
/** A socket whose hello came just now is the newer one, unless it was opened so long before the other. */
const lateMs = 1_000;

/** What an attach that has come just now tells; `clock`: this server's. */
export function openingOf({ since, ageMs }: Pick<AttachFrame, "since" | "ageMs">, clock: Clock): Opening {
  const isClockShared = Math.abs(clock.wallNow() - ageMs - since) <= apartMaxMs;
  return { since, openedAt: clock.now() - ageMs, isClockShared };
}

/**
 * Whether the socket that is attached now was opened before the other one of its device. Gateways' clocks may be an hour
 * apart, and who asks them closes the newer socket, whose client then stays away. `isNew`: its client has said hello
 * just now; else both were opened a while ago and are attached again.
 */
export function isOlder(now: Opening, other: Opening, isNew: boolean): boolean {
  const isShared = now.isClockShared && other.isClockShared;
  const otherLaterMs = isShared ? other.since - now.since : other.openedAt - now.openedAt;
  return otherLaterMs > (isNew ? lateMs : 0);
}
