import type { AppendOutcome, LogEvent } from "../message-store.ts";
import { StoreError } from "../message-store.ts";
import type { Collections } from "./collections.ts";
import { toDocument } from "./documents.ts";

const duplicateKey = 11_000;
/**
 * FerretDB inserts the documents of one command in batches of 100 and goes on with the next batch after a refused
 * document, whatever `ordered` says: it would leave a hole. So no command carries more.
 */
const pointOnlyBatch = 100;

/**
 * One ordered insert (rule 1); several in a row where the server needs small ones.
 * **Errors**: whatever the driver throws, and StoreError `unknown` for every answer that is not entirely clear.
 */
export async function insertRun(collections: Collections, events: readonly LogEvent[]): Promise<AppendOutcome> {
  const size = collections.isPointOnly ? pointOnlyBatch : events.length;
  for (let start = 0; start < events.length; start += size) {
    try {
      const at = await insertOrdered(collections, events.slice(start, start + size));
      if (at !== undefined) return { kind: "refused", at: start + at };
    } catch (error) {
      if (start === 0) throw error;
      // Part of the run is in: not even a server out of reach makes this "surely not done".
      throw new StoreError("unknown", "the store did not confirm the rest of a run", { cause: error });
    }
  }
  return { kind: "appended" };
}

/** Resolves to the index of the refused event, or to undefined when all are in. */
async function insertOrdered(collections: Collections, events: readonly LogEvent[]): Promise<number | undefined> {
  // The plain command, not the driver's bulk layer: its answer is judged word by word.
  const answer = await collections.db.command({
    insert: collections.events.collectionName,
    documents: events.map(toDocument),
    ordered: true,
    writeConcern: writeConcernOf(collections),
  });
  return judgeAnswer(answer, events.length);
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
