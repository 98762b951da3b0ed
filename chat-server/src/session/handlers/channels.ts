import type { ChannelId, ChannelsFrame } from "@parley/protocol";
import pLimit from "p-limit";
import { readState } from "../../channel/read-log.ts";
import { type ChannelEntry, toEntry } from "../channel-list.ts";
import { type Outcome, reject, reply } from "../outcome.ts";
import type { Services } from "../services.ts";
import type { Session } from "../session.ts";

const limitDefault = 100;

/** One page of the user's channels, most recently active first. */
export async function handleChannels(services: Services, session: Session, frame: ChannelsFrame): Promise<Outcome> {
  const cursor = frame.cursor === undefined ? undefined : parseCursor(frame.cursor);
  if (frame.cursor !== undefined && cursor === undefined) {
    return reject(frame.id, "bad_frame", "cursor: must be the cursor of an earlier answer");
  }
  const { store } = services;
  const index = await store.readUser(session.user);
  const listed = [...index.channels].filter(([, { in: entered, out }]) => entered > out).map(([channel]) => channel);
  const sorted = await sortByActivity(services, session, listed);
  const start = cursor === undefined ? 0 : sorted.findIndex((one) => isBehind(one, cursor));
  const rest = start === -1 ? [] : sorted.slice(start);
  const limit = frame.limit ?? limitDefault;
  const page = rest.slice(0, limit);
  const many = pLimit(32);
  const entries = await Promise.all(
    page.map(({ channel }) =>
      many(async () => {
        const relay = session.channels.get(channel)?.record.relay;
        const state = relay === undefined ? await readState(store, channel) : { ...relay, head: relay.cursor };
        const read = session.owner.reads.get(channel) ?? index.reads.get(channel);
        return toEntry(session.user, channel, { fold: state.fold, head: state.head, ordinal: state.ordinal }, read);
      }),
    ),
  );
  const channels = entries.filter((entry): entry is ChannelEntry => entry !== undefined);
  const last = page.at(-1);
  const more = rest.length > limit && last !== undefined ? { cursor: `${last.activeAt}.${last.channel}` } : {};
  return reply({ type: "result", id: frame.id, channels, ...more });
}

interface Active {
  readonly channel: ChannelId;
  readonly activeAt: number;
}

async function sortByActivity(services: Services, session: Session, listed: readonly ChannelId[]): Promise<Active[]> {
  const summaries = await services.store.readSummaries(listed);
  return listed
    .map((channel) => {
      const known = session.channels.get(channel)?.record.relay?.time ?? 0;
      return { channel, activeAt: Math.max(known, summaries.get(channel)?.activeAt ?? 0) };
    })
    .sort((a, b) => b.activeAt - a.activeAt || (a.channel < b.channel ? -1 : 1));
}

function isBehind(one: Active, cursor: Active): boolean {
  return one.activeAt < cursor.activeAt || (one.activeAt === cursor.activeAt && one.channel > cursor.channel);
}

function parseCursor(text: string): Active | undefined {
  const match = /^(\d{1,15})\.([A-Za-z0-9_-]{1,64})$/.exec(text);
  return match?.[2] === undefined ? undefined : { activeAt: Number(match[1]), channel: match[2] };
}
