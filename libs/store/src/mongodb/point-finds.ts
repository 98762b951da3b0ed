import DataLoader from "dataloader";
import type { Collection, Filter } from "mongodb";
import type { LimitFunction } from "p-limit";

/**
 * Finds by `_id` alone, those that are asked for in one tick in one command. A command always begins after the call
 * that it answers, so that nobody is given what was read before (rule 16). **Errors**: the driver's, to each who asked.
 */
export class PointFinds<Found extends { readonly _id: string }> {
  readonly #loader: DataLoader<string, Found | undefined>;

  /** `idsMax`: in one command, whose answer must stay below 12 MB. `limit` bounds the commands under way. */
  constructor(collection: Collection<Found>, limit: LimitFunction, idsMax: number) {
    const find = async (ids: readonly string[]): Promise<(Found | undefined)[]> => {
      const documents = await limit(() => {
        const filter = { _id: ids.length === 1 ? ids[0] : { $in: ids } } as Filter<Found>;
        return collection.find(filter).limit(ids.length).toArray();
      });
      const byId = new Map(documents.map((document): [string, Found] => [document._id, document as Found]));
      return ids.map((id) => byId.get(id));
    };
    this.#loader = new DataLoader(find, { cache: false, maxBatchSize: idsMax });
  }

  find(id: string): Promise<Found | undefined> {
    return this.#loader.load(id);
  }

  /** In the order of the ids; undefined for those that are not there. */
  findAll(ids: readonly string[]): Promise<(Found | undefined)[]> {
    return Promise.all(ids.map((id) => this.#loader.load(id)));
  }
}
