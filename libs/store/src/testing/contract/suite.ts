import { afterEach, beforeEach, describe } from "vitest";
import type { MessageStore } from "../../message-store.ts";
import { appendContract } from "./append.ts";
import { besideContract } from "./beside.ts";
import { costContract } from "./cost.ts";
import { effectsContract } from "./effects.ts";
import { processesContract } from "./processes.ts";
import { readContract } from "./read.ts";
import type { StoreContractOptions, StoreData } from "./subject.ts";
import { unknownContract } from "./unknown.ts";

/** The contract of the port: every implementation of MessageStore passes it. To be called in a test file. */
export function messageStoreContract(options: StoreContractOptions): void {
  describe(`MessageStore contract: ${options.name}`, () => {
    let current: StoreData | undefined;
    const opened: MessageStore[] = [];
    const data = (): StoreData => {
      if (current === undefined) throw new Error("no data outside a test");
      return current;
    };

    beforeEach(async () => {
      const prepared = await options.prepare();
      const { open, openCut } = prepared;
      const keep = <T extends MessageStore>(store: T): T => {
        opened.push(store);
        return store;
      };
      // Every store that a test opens is closed after it.
      current = {
        ...prepared,
        open: async (hooks) => keep(await open(hooks)),
        ...(openCut === undefined
          ? {}
          : {
              openCut: async () => {
                const cut = await openCut();
                keep(cut.store);
                return cut;
              },
            }),
      };
    });

    afterEach(async () => {
      await Promise.all(opened.splice(0).map((store) => store.close()));
      await current?.remove();
      current = undefined;
    });

    appendContract(data);
    readContract(data);
    effectsContract(data, options.propertyRuns);
    besideContract(data);
    unknownContract(data);
    processesContract(data);
    if (options.longLogEvents !== undefined) costContract(data, options.longLogEvents);
  });
}
