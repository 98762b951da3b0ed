import { type ChannelId, encodeFoldedEvent, type Seq, type UserId } from "@parley/protocol";
import type { LogEvent, MessageStore, OriginEffect, OriginState, StoredEvent } from "@parley/store";
import type { ChannelFold, Interval } from "../channel/fold.ts";
import { toEffect } from "../channel/origin-host.ts";

export interface PageRequest {
  readonly channel: ChannelId;
  readonly user: UserId;
  /** The membership at `head`; numbers above are not served. */
  readonly fold: ChannelFold;
  readonly head: Seq;
  readonly before?: Seq | undefined;
  readonly after?: Seq | undefined;
  readonly limit: number;
}

export interface Page {
  /** Event frames, ascending. */
  readonly events: readonly string[];
  /** Nothing more that the user may see lies in the direction asked for. */
  readonly isComplete: boolean;
}

const pageBytesMax = 512 * 1024;

/**
 * One page of a channel as one member may see it, folded: edited texts, deletions, reactions. Reads only what lies in
 * the user's membership, and what the origins lack yet from the log (rule 20).
 * **Errors**: StoreError.
 */
export async function readPage(store: MessageStore, request: PageRequest): Promise<Page> {
  // Before the page: what is at its origin by then is in the page, and all else is in the log above. The other way
  // round, what reaches its origin in between would be in neither, and deleted text would be shown.
  const applied = (await store.readSummaries([request.channel])).get(request.channel)?.applied ?? 0;
  const { stored, isComplete } = request.after === undefined ? await back(store, request) : await on(store, request);
  const lacking = await readLacking(store, request.channel, applied, request.head);
  const events = stored.map(({ event, origin }) =>
    encodeFoldedEvent(withoutDeleted(event, lacking), mergeOrigin(origin, lacking.get(event.seq))),
  );
  return { events, isComplete };
}

/** A delete takes the edits of its message with it; of those that the store has not erased yet, the text stays here. */
function withoutDeleted(event: LogEvent, lacking: ReadonlyMap<Seq, readonly OriginEffect[]>): LogEvent {
  const { body } = event;
  if (body.kind !== "edit" || body.erased === true) return event;
  const isDeleted = lacking.get(body.target)?.some(({ kind }) => kind === "delete") === true;
  return isDeleted ? { ...event, body: { kind: "edit", target: body.target, erased: true } } : event;
}

interface Found {
  readonly stored: readonly StoredEvent[];
  readonly isComplete: boolean;
}

async function on(store: MessageStore, request: PageRequest): Promise<Found> {
  const stored: StoredEvent[] = [];
  let after = request.after ?? 0;
  for (const { from, to } of visible(request)) {
    if (to <= after) continue;
    after = Math.max(after, from - 1);
    while (after < to) {
      const left = request.limit - stored.length;
      if (left === 0) return { stored, isComplete: false };
      const events = Math.min(left, to - after);
      const page = await store.readAfter(request.channel, after, { events, bytesMax: pageBytesMax });
      const last = page.events.at(-1);
      if (last === undefined) return { stored, isComplete: true };
      stored.push(...page.events);
      after = last.event.seq;
      if (page.events.length < events && !page.isEnd) return { stored, isComplete: false };
    }
  }
  return { stored, isComplete: true };
}

async function back(store: MessageStore, request: PageRequest): Promise<Found> {
  let stored: StoredEvent[] = [];
  let before = Math.min(request.before ?? request.head + 1, request.head + 1);
  for (const { from, to } of visible(request).reverse()) {
    if (from >= before) continue;
    before = Math.min(before, to + 1);
    while (before > from) {
      const left = request.limit - stored.length;
      if (left === 0) return { stored, isComplete: false };
      const events = Math.min(left, before - from);
      const page = await store.readBefore(request.channel, before, { events, bytesMax: pageBytesMax });
      const first = page.events[0];
      if (first === undefined) return { stored, isComplete: true };
      stored = [...page.events, ...stored];
      before = first.event.seq;
      if (page.events.length < events && before > from) return { stored, isComplete: false };
    }
  }
  return { stored, isComplete: true };
}

function visible(request: PageRequest): { from: Seq; to: Seq }[] {
  const clip = ({ from, to }: Interval) => ({ from, to: to === 0 ? request.head : Math.min(to, request.head) });
  return request.fold
    .intervalsOf(request.user)
    .map(clip)
    .filter(({ from, to }) => from <= to);
}

/** Effects of the events above `applied` up to the head, by target. */
async function readLacking(
  store: MessageStore,
  channel: ChannelId,
  applied: Seq,
  head: Seq,
): Promise<ReadonlyMap<Seq, readonly OriginEffect[]>> {
  const lacking = new Map<Seq, OriginEffect[]>();
  let after = applied;
  while (after < head) {
    const page = await store.readAfter(channel, after, { events: 500 });
    const last = page.events.at(-1);
    if (last === undefined) break;
    for (const { event } of page.events) {
      const effect = toEffect(event);
      if (effect === undefined) continue;
      const others = lacking.get(effect.target);
      if (others === undefined) lacking.set(effect.target, [effect]);
      else others.push(effect);
    }
    after = last.event.seq;
  }
  return lacking;
}

/** The origin's state with newer effects on top; the same rules as the store's own. */
export function mergeOrigin(
  origin: OriginState | undefined,
  effects: readonly OriginEffect[] | undefined,
): OriginState | undefined {
  if (effects === undefined) return origin;
  let edit = origin?.edit;
  let deleted = origin?.deleted;
  const reactions = new Map((origin?.reactions ?? []).map((one) => [`${one.user}\n${one.emoji}`, one]));
  for (const effect of effects) {
    switch (effect.kind) {
      case "edit":
        if (edit === undefined || edit.seq < effect.seq) edit = effect;
        break;
      case "delete":
        deleted ??= effect.seq;
        break;
      case "reaction": {
        const key = `${effect.user}\n${effect.emoji}`;
        if ((reactions.get(key)?.seq ?? 0) < effect.seq) reactions.set(key, effect);
        break;
      }
      default:
        effect satisfies never;
    }
  }
  return {
    ...(edit === undefined ? {} : { edit }),
    ...(deleted === undefined ? {} : { deleted }),
    ...(reactions.size === 0 ? {} : { reactions: [...reactions.values()] }),
  };
}
