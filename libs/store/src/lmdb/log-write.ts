import type { ChannelId, Seq } from "@parley/protocol";
import { asBinary } from "lmdb";
import type { LogEvent } from "../message-store.ts";
import type { Tables } from "./tables.ts";

const asNew = { noOverwrite: true } as const;

/** lmdb declares nothing where it returns whether the entry was new. **Source**: lmdb 3.5, write.js, putSync. */
function isPut(outcome: unknown): boolean {
  return outcome === true;
}

/**
 * Inside a write transaction: puts an event of the journal into the tables; its head is the caller's. `value` is its
 * JSON text, kept as it is.
 * **Repeat**: does nothing; above all it does not bring back a text that was erased since.
 * **Errors**: throws where another event has the slot or the request, which judging before the journal rules out.
 */
export function putJournaled(tables: Tables, event: LogEvent, value: Buffer): void {
  const { channel, seq, sender, id } = event;
  // Encoded already, which lmdb's types don't know of.
  const encoded = asBinary(value) as unknown as LogEvent;
  // LMDB looks and writes in one walk down its tree; a look of our own would be a second one.
  if (!isPut(tables.events.putSync([channel, seq], encoded, asNew))) {
    const there = tables.events.get([channel, seq]);
    if (there?.sender !== sender || there.id !== id) throw contradiction(event, `has ${there?.sender}/${there?.id}`);
  }
  if (!isPut(tables.requests.putSync([channel, sender, id], seq, asNew))) {
    const there = tables.requests.get([channel, sender, id]);
    if (there !== seq) throw contradiction(event, `has the request at ${there}`);
  }
}

/** Inside a write transaction. */
export function putHead(tables: Tables, channel: ChannelId, head: Seq): void {
  tables.heads.putSync(channel, head);
}

/** Inside a write transaction: moves the head over all that follows it without a hole. */
export function moveHead(tables: Tables, channel: ChannelId): void {
  const before = tables.heads.get(channel) ?? 0;
  let head = before;
  while (tables.events.doesExist([channel, head + 1])) head += 1;
  if (head !== before) putHead(tables, channel, head);
}

function contradiction({ channel, seq, sender, id }: LogEvent, found: string): Error {
  return new Error(`the journal has ${sender}/${id} at ${seq} of ${channel}, where the tables ${found}`);
}
