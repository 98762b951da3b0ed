import type { PresenceUnwatchFrame, PresenceWatchFrame, UserId } from "@parley/protocol";
import { sleep } from "../../clock.ts";
import { type Outcome, reject, reply } from "../outcome.ts";
import type { Services } from "../services.ts";
import type { Session } from "../session.ts";

const watchedMax = 200;
const reachMs = 1_000;

/** Only of people with whom the user shares a channel; others are left out of the answer without a word (I9). */
export async function handleWatch(services: Services, session: Session, frame: PresenceWatchFrame): Promise<Outcome> {
  const asked = [...new Set(frame.users)];
  if (!asked.every((user) => sharesChannel(session, user))) await reachChannels(services, session);
  const allowed = asked.filter((user) => sharesChannel(session, user));
  const watched = new Set([...(session.watched ?? []), ...allowed]);
  if (watched.size > watchedMax) {
    return reject(frame.id, "bad_frame", `users: at most ${watchedMax} may be watched at once`);
  }
  session.watched = watched;
  await services.presence.watch(session, allowed);
  // The statuses come behind the result.
  services.clock.soon(() => services.presence.tellStatus(session, allowed));
  return reply({ type: "result", id: frame.id, users: [...watched] });
}

export function handleUnwatch(services: Services, session: Session, frame: PresenceUnwatchFrame): Outcome {
  for (const user of frame.users) session.watched?.delete(user);
  services.presence.unwatch(session, frame.users);
  return reply({ type: "result", id: frame.id, users: [...(session.watched ?? [])] });
}

function sharesChannel(session: Session, user: UserId): boolean {
  if (user === session.user) return true;
  for (const { record } of session.channels.values()) {
    const fold = record.relay?.fold;
    if (fold?.isMember(session.user) && fold.isMember(user)) return true;
  }
  return false;
}

/** Who has just made a channel may ask before it is followed here: those that are on their way are waited for. */
async function reachChannels({ clock }: Services, session: Session): Promise<void> {
  const onTheirWay = [...session.channels.values()].filter(({ record }) => record.relay === undefined);
  if (onTheirWay.length === 0) return;
  await Promise.race([Promise.allSettled(onTheirWay.map(({ record }) => record.ready)), sleep(clock, reachMs)]);
}
