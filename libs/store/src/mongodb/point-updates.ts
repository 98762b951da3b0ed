import DataLoader from "dataloader";
import type { Collection, Document } from "mongodb";
import { type UpdateById, updateAll } from "./updates.ts";

const statementsMax = 500;

/**
 * Updates by `_id` alone, those that are asked for in one tick in one command; each may come any number of times.
 * **Errors**: the driver's, to each who asked: of none of them it is known whether it was done.
 */
export class PointUpdates<T extends Document & { _id: string }> {
  readonly #loader: DataLoader<UpdateById, undefined>;

  constructor(collection: Collection<T>, isPointOnly: boolean) {
    const update = async (updates: readonly UpdateById[]): Promise<undefined[]> => {
      await updateAll(collection, updates, { upsert: true, isPointOnly });
      return updates.map(() => undefined);
    };
    this.#loader = new DataLoader(update, { cache: false, maxBatchSize: statementsMax });
  }

  async apply(update: UpdateById): Promise<void> {
    await this.#loader.load(update);
  }
}
