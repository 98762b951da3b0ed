import type { AppendOutcome, LogEvent } from "../message-store.ts";
import { StoreError } from "../message-store.ts";
import { type ClaimDocument, claimKey, claimUpdate, toClaim } from "./claims.ts";
import type { Collections } from "./collections.ts";
import { type EventDocument, toDocument } from "./documents.ts";

const duplicateKey = 11_000;
/**
 * FerretDB inserts the documents of one command in batches of 100 and goes on with the next batch after a refused
 * document, whatever `ordered` says: it would leave a hole. So no command carries more.
 */
const pointBatch = 100;

/**
 * One ordered insert (rule 1); several in a row where the server needs small ones.
 * **Errors**: whatever the driver throws, and StoreError `unknown` for every answer that is not entirely clear.
 */
export async function insertRun(collections: Collections, events: readonly LogEvent[]): Promise<AppendOutcome> {
  const size = collections.isPointOnly ? pointBatch : events.length;
  for (let done = 0; done < events.length; done += size) {
    const batch = events.slice(done, done + size).map(toDocument);
    const at = await insertOrdered(collections, batch).catch((error: unknown) => mustBeUnknown(error, done));
    if (at !== undefined) return { kind: "refused", at: done + at };
  }
  return { kind: "appended" };
}

/** Once part of a run is in, not even a server out of reach makes it "surely not done". */
function mustBeUnknown(error: unknown, done: number): never {
  if (done === 0) throw error;
  throw new StoreError("unknown", "the store did not confirm the rest of a run", { cause: error });
}

/** Most events of one {@link insertClaimed}. */
export const claimedMax = pointBatch / 2;

/** Where an insert of claimed events ended before its time, and which of the two documents of that event is there. */
export interface ClaimedStop {
  readonly at: number;
  readonly isClaim: boolean;
}

/**
 * One ordered insert of at most {@link claimedMax} events, each with its claim before it. Resolves to where it stopped,
 * with all before that in and nothing behind it tried, or to undefined when all are in.
 * **Errors**: as {@link insertRun}.
 */
export async function insertClaimed(
  collections: Collections,
  events: readonly LogEvent[],
): Promise<ClaimedStop | undefined> {
  const documents = events.flatMap((event) => [toClaim(event), toDocument(event)]);
  const refused = await insertOrdered(collections, documents);
  return refused === undefined ? undefined : { at: Math.floor(refused / 2), isClaim: refused % 2 === 0 };
}

/**
 * As {@link insertRun}, with each event's claim before it: ordered inserts of at most 100 documents, one after the
 * other. The first `before` events are in already.
 */
export async function insertRunWithClaims(
  collections: Collections,
  events: readonly LogEvent[],
  before = 0,
): Promise<AppendOutcome> {
  let done = before;
  try {
    while (done < events.length) {
      const batch = events.slice(done, done + claimedMax);
      const stop = await insertClaimed(collections, batch);
      done += stop?.at ?? batch.length;
      if (stop === undefined) continue;
      const event = events[done];
      if (!stop.isClaim || event === undefined) return { kind: "refused", at: done };
      // The claim is there: this request was tried before. It may be in, or may now get another number.
      const { channel, sender, id } = event;
      await collections.claims.updateOne({ _id: claimKey(channel, sender, id) }, claimUpdate(event.seq));
      if ((await insertOrdered(collections, [toDocument(event)])) !== undefined) return { kind: "refused", at: done };
      done += 1;
    }
  } catch (error) {
    return mustBeUnknown(error, done);
  }
  return { kind: "appended" };
}

/** Resolves to the index of the refused document, or to undefined when all are in. */
async function insertOrdered(
  collections: Collections,
  documents: readonly (EventDocument | ClaimDocument)[],
): Promise<number | undefined> {
  // The plain command, not the driver's bulk layer: its answer is judged word by word.
  const answer = await collections.db.command({
    insert: collections.events.collectionName,
    documents,
    ordered: true,
    writeConcern: writeConcernOf(collections),
  });
  return judgeAnswer(answer, documents.length);
}

/**
 * What the answer to an ordered insert of `count` documents means: the index of the one that a unique key refused, or
 * undefined when all are in, durably. **Errors**: StoreError `unknown` for everything else.
 */
export function judgeAnswer(answer: Record<string, unknown>, count: number): number | undefined {
  const { n: inserted, writeErrors: errors } = answer;
  if (answer["ok"] === 1 && answer["writeConcernError"] === undefined) {
    if (errors === undefined && inserted === count) return undefined;
    const first: unknown = Array.isArray(errors) && errors.length === 1 ? errors[0] : undefined;
    if (isRefusal(first) && first.index === inserted) return first.index;
  }
  throw new StoreError("unknown", "the store gave no clear answer to an insert", { cause: answer });
}

function isRefusal(error: unknown): error is { index: number; code: number } {
  if (typeof error !== "object" || error === null || !("index" in error) || !("code" in error)) return false;
  return typeof error.index === "number" && error.code === duplicateKey;
}

function writeConcernOf({ client }: Collections): Record<string, unknown> {
  const { w, wtimeoutMS, journal } = client.options.writeConcern ?? {};
  return { w, wtimeout: wtimeoutMS, j: journal };
}
