import { encodeHistoryResult, type HistoryFrame } from "@parley/protocol";
import { notMember } from "../../channel/decide.ts";
import { readState } from "../../channel/read-log.ts";
import { readPage } from "../history-page.ts";
import { type Outcome, refusalOf, reply } from "../outcome.ts";
import type { Services } from "../services.ts";
import type { Session } from "../session.ts";

const limitDefault = 50;
const reachMs = 2_000;

/** Everything acked to anybody before the request is in what the page is cut from (C7). */
export async function handleHistory(services: Services, session: Session, frame: HistoryFrame): Promise<Outcome> {
  const { channel, id } = frame;
  const view = await viewOf(services, session, channel);
  if (!view?.fold.isMember(session.user)) return refusalOf(id, notMember, false);
  const { before, after } = frame;
  const limit = frame.limit ?? limitDefault;
  const page = await readPage(services.store, { channel, user: session.user, ...view, before, after, limit });
  return reply(encodeHistoryResult(id, page.events, page.isComplete));
}

async function viewOf(services: Services, session: Session, channel: string) {
  const { relays, store } = services;
  const relay = session.channels.get(channel)?.isLive ? relays.find(channel) : undefined;
  if (relay?.relay === undefined) {
    // Refusals and strangers: only a read that began after the request may say no (rule 6).
    return readState(store, channel);
  }
  await relays.reach(relay, await store.head(channel), reachMs);
  // A removal may have come in meanwhile.
  return { fold: relay.relay.fold, head: relay.relay.cursor };
}
