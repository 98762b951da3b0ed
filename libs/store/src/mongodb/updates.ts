import type { AnyBulkWriteOperation, Collection, Document, UpdateFilter } from "mongodb";

const statementsMax = 500;

export interface UpdateById {
  readonly _id: string;
  readonly update: Record<string, Record<string, unknown>>;
}

/**
 * Updates by `_id`, each by itself, in as few commands as may be; all can be repeated, so a failure in the middle harms
 * nobody. With `isPointOnly` they are sent as updates of "many", which by `_id` is the same: FerretDB keeps the cursor
 * and the connection of each update of "one" open to the end of the command, and some dozens of them hang it.
 */
export async function updateAll<T extends Document & { _id: string }>(
  collection: Collection<T>,
  updates: readonly UpdateById[],
  options: { readonly upsert: boolean; readonly isPointOnly: boolean },
): Promise<void> {
  const { upsert, isPointOnly } = options;
  const statements = updates.map(({ _id, update }): AnyBulkWriteOperation<Document & { _id: string }> => {
    const statement: { filter: { _id: string }; update: UpdateFilter<Document>; upsert: boolean } = {
      filter: { _id },
      update,
      upsert,
    };
    return isPointOnly ? { updateMany: statement } : { updateOne: statement };
  });
  const untyped: Collection<Document & { _id: string }> = collection.db.collection(collection.collectionName);
  for (let start = 0; start < statements.length; start += statementsMax) {
    await untyped.bulkWrite(statements.slice(start, start + statementsMax), { ordered: false });
  }
}
