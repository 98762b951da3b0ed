import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openLmdbStore } from "./message-store-lmdb.ts";
import { messageStoreContract } from "./testing/contract/suite.ts";
import { shareStore } from "./testing/shared-store.ts";

messageStoreContract({
  name: "LMDB",
  longLogEvents: 200_000,
  propertyRuns: 50,
  async prepare() {
    const path = await mkdtemp(join(tmpdir(), "parley-lmdb-"));
    let touch: ((entries: number) => void) | undefined;
    const open = shareStore(() => openLmdbStore({ path, onTouch: (entries) => touch?.(entries) }));
    return {
      open: (hooks) => {
        touch = hooks?.onTouch ?? touch;
        return open();
      },
      remove: () => rm(path, { recursive: true, force: true }),
    };
  },
});
