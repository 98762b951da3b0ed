import type { ChannelId, Role, Seq, UserId } from "@parley/protocol";
import { type LogEvent, type MessageStore, StoreError } from "@parley/store";
import { LRUCache } from "lru-cache";
import { NotFoundError } from "./answers.ts";

export interface Membership {
  /** The last control event (created, member) that went into it. */
  readonly control: Seq;
  readonly members: ReadonlyMap<UserId, Role>;
}

/** The members of channels, as the logs say. */
export interface Memberships {
  /** **Errors**: NotFoundError for a channel without a log; StoreError. */
  read(channel: ChannelId): Promise<Membership>;
}

/** Control events that one walk may read; a channel with more changes since the last look is answered unavailable. */
const walkMax = 100_000;

/**
 * Folds the membership from a channel's log: from the head back along the control events (each event names the one
 * before it), then forward. A channel asked for again costs only what has changed. One walk a channel at a time.
 */
export function createMemberships(store: MessageStore, channelsMax: number): Memberships {
  const known = new LRUCache<ChannelId, Membership>({ max: channelsMax });
  const walks = new Map<ChannelId, Promise<Membership>>();

  async function mustRead(channel: ChannelId, seq: Seq): Promise<LogEvent> {
    const [stored] = await store.readAt(channel, [seq]);
    if (stored === undefined) throw new StoreError("unavailable", `event ${seq} of a channel cannot be read`);
    return stored.event;
  }

  async function walk(channel: ChannelId): Promise<Membership> {
    const head = await store.head(channel);
    if (head === 0) throw new NotFoundError(`There is no channel ${channel}.`);
    const newest = await mustRead(channel, head);
    const base = known.get(channel);
    const changes: LogEvent[] = [];
    let seq = isControl(newest) ? newest.seq : newest.control;
    while (seq > (base?.control ?? 0)) {
      if (changes.length === walkMax) throw new StoreError("unavailable", "the membership has too many changes");
      const event = seq === newest.seq ? newest : await mustRead(channel, seq);
      changes.push(event);
      seq = event.control;
    }
    // A walk that does not meet what was known (a restored store) starts from nothing.
    const start = base !== undefined && seq === base.control ? base : undefined;
    if (base !== undefined && start === undefined) {
      known.delete(channel);
      return walk(channel);
    }
    const membership = fold(start, changes.reverse());
    known.set(channel, membership);
    return membership;
  }

  return {
    read(channel) {
      const running = walks.get(channel);
      if (running !== undefined) return running;
      const started = walk(channel).finally(() => walks.delete(channel));
      walks.set(channel, started);
      return started;
    },
  };
}

const isControl = ({ body }: LogEvent): boolean => body.kind === "created" || body.kind === "member";

function fold(start: Membership | undefined, changes: readonly LogEvent[]): Membership {
  if (start !== undefined && changes.length === 0) return start;
  const members = new Map(start?.members);
  let control = start?.control ?? 0;
  for (const { seq, body } of changes) {
    control = seq;
    if (body.kind === "created") for (const { user, role } of body.members) members.set(user, role);
    if (body.kind !== "member") continue;
    if (body.change === "left" || body.change === "removed") members.delete(body.user);
    else if (body.change === "joined" || members.has(body.user)) {
      members.set(body.user, body.role ?? members.get(body.user) ?? "member");
    }
  }
  return { control, members };
}
