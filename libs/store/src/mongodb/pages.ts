import type { ChannelId, Seq } from "@parley/protocol";
import { eventBytes, type PageLimit } from "../checks.ts";
import type { LogPage, StoredEvent } from "../message-store.ts";
import { fromDocument } from "./documents.ts";
import type { LogReader } from "./log-reader.ts";
import type { Watermarks } from "./watermarks.ts";

/** See MessageStore.readAfter. */
export async function pageAfter(
  reader: LogReader,
  watermarks: Watermarks,
  channel: ChannelId,
  after: Seq,
  limit: PageLimit,
): Promise<LogPage> {
  // What lies above a hole is no part of the log, however far up the reader starts (rule 2).
  if (after > watermarks.peek(channel) && after > (await watermarks.head(channel))) return { events: [], isEnd: true };
  const events: StoredEvent[] = [];
  let bytes = 0;
  let next = after + 1;
  const [firstStep, laterStep] = reader.stepEvents;
  // What is known to be there is asked for at once; who follows a log is at its end, and finds nothing or one event.
  let step = Math.min(laterStep, Math.max(firstStep, watermarks.peek(channel) - after + 1));
  for (;;) {
    // One more than the page may hold: it tells whether the page ends at the head.
    const count = bytes < limit.bytesMax ? Math.min(step, limit.events - events.length + 1) : 1;
    const found = await reader.between(channel, next, next + count - 1);
    const from = next;
    for (const document of found) {
      if (document.seq !== next) break;
      if (events.length >= limit.events || bytes >= limit.bytesMax) return { events, isEnd: false };
      const stored = fromDocument(document);
      events.push(stored);
      bytes += eventBytes(stored.event);
      next += 1;
    }
    watermarks.learn(channel, from - 1, next - 1);
    if (next - from < count) return { events, isEnd: true };
    step = Math.min(laterStep, step * 4);
  }
}

/** See MessageStore.readBefore. */
export async function pageBefore(
  reader: LogReader,
  watermarks: Watermarks,
  channel: ChannelId,
  before: Seq,
  limit: PageLimit,
): Promise<LogPage> {
  let next = before - 1;
  if (next > watermarks.peek(channel)) next = Math.min(next, await watermarks.head(channel));
  const events: StoredEvent[] = [];
  let bytes = 0;
  let [step, laterStep] = reader.stepEvents;
  while (next > 0 && events.length < limit.events && bytes < limit.bytesMax) {
    const from = Math.max(1, next - Math.min(step, limit.events - events.length) + 1);
    const found = await reader.between(channel, from, next);
    for (const document of found.toReversed()) {
      // A hole below: what lies under it is cut off.
      if (document.seq !== next) return { events: events.reverse(), isEnd: true };
      if (bytes >= limit.bytesMax) return { events: events.reverse(), isEnd: false };
      const stored = fromDocument(document);
      events.push(stored);
      bytes += eventBytes(stored.event);
      next -= 1;
    }
    if (next >= from) return { events: events.reverse(), isEnd: true };
    step = laterStep;
  }
  return { events: events.reverse(), isEnd: next <= 0 };
}
