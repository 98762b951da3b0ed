import type { ChannelId, RequestId, Seq, UserId } from "@parley/protocol";
import type { LogEvent, OriginEffect, ReadLimit } from "./message-store.ts";

/** Most events of one run; see {@link MessageStore.append}. */
export const runEventsMax = 256;
/** Most bytes of text and data of one run. */
export const runBytesMax = 4 * 1024 * 1024;
/** Most events of one page, and most seqs of one `readAt`. */
export const pageEventsMax = 1_000;
const pageBytesDefault = 1024 * 1024;

// Ids become keys and parts of field names, so their alphabet holds neither "." nor "$" nor ":".
const plainId = /^[A-Za-z0-9_-]{1,64}$/;
// Server-made ids begin with "~". No ":" either, so that joined keys stay unambiguous.
const requestId = /^~?[A-Za-z0-9_.~-]{1,128}$/;

/**
 * What these functions find is a mistake of ours, never of a client: input was parsed at the edge.
 * **Errors**: RangeError.
 */
export function mustBeChannel(channel: ChannelId): void {
  if (!plainId.test(channel)) throw new RangeError(`not a channel id: ${JSON.stringify(channel)}`);
}

export function mustBeUser(user: UserId): void {
  if (!plainId.test(user)) throw new RangeError(`not a user id: ${JSON.stringify(user)}`);
}

export function mustBeRequest(id: RequestId): void {
  if (!requestId.test(id)) throw new RangeError(`not a request id: ${JSON.stringify(id)}`);
}

/** A seq of 1 and up, or also 0 ("before the first") where `least` says so. */
export function mustBeSeq(seq: Seq, least: 0 | 1 = 1): void {
  if (!Number.isSafeInteger(seq) || seq < least) throw new RangeError(`not a seq: ${seq}`);
}

export function mustBeRun(channel: ChannelId, events: readonly LogEvent[]): void {
  mustBeChannel(channel);
  if (events.length < 1 || events.length > runEventsMax) {
    throw new RangeError(`a run has 1 to ${runEventsMax} events, not ${events.length}`);
  }
  let bytes = 0;
  let seq = events[0]?.seq ?? 0;
  mustBeSeq(seq);
  for (const event of events) {
    if (event.channel !== channel) throw new RangeError(`an event of ${event.channel} in a run of ${channel}`);
    if (event.seq !== seq) throw new RangeError(`a run is consecutive: ${seq} was expected, not ${event.seq}`);
    mustBeUser(event.sender);
    mustBeRequest(event.id);
    bytes += eventBytes(event);
    seq += 1;
  }
  if (bytes > runBytesMax) throw new RangeError(`a run has at most ${runBytesMax} bytes, not ${bytes}`);
}

export interface PageLimit {
  readonly events: number;
  readonly bytesMax: number;
}

export function mustBeLimit(limit: ReadLimit): PageLimit {
  if (!Number.isSafeInteger(limit.events) || limit.events < 1 || limit.events > pageEventsMax) {
    throw new RangeError(`a page has 1 to ${pageEventsMax} events, not ${limit.events}`);
  }
  return { events: limit.events, bytesMax: limit.bytesMax ?? pageBytesDefault };
}

export function mustBeSeqs(seqs: readonly Seq[]): void {
  if (seqs.length > pageEventsMax) throw new RangeError(`at most ${pageEventsMax} seqs at once, not ${seqs.length}`);
  for (const seq of seqs) mustBeSeq(seq);
}

export function mustBeEffects(effects: readonly OriginEffect[], upTo: Seq): void {
  mustBeSeq(upTo, 0);
  for (const effect of effects) {
    mustBeSeq(effect.seq);
    mustBeSeq(effect.target);
    if (effect.kind === "reaction") mustBeUser(effect.user);
  }
}

/** Approximate size: UTF-16 units of text and data and a flat cost for the rest. */
export function eventBytes(event: LogEvent): number {
  const body = event.body;
  const flat = 200;
  if (body.kind === "message") return flat + (body.text?.length ?? 0) + (body.data?.length ?? 0);
  if (body.kind === "edit") return flat + (body.text?.length ?? 0);
  if (body.kind === "created") return flat + 40 * body.members.length;
  return flat;
}
