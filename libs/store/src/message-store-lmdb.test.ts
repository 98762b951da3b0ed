import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openLmdbStore } from "./message-store-lmdb.ts";
import { messageStoreContract } from "./testing/contract/suite.ts";

messageStoreContract({
  name: "LMDB",
  longLogEvents: 200_000,
  propertyRuns: 50,
  async prepare() {
    const path = await mkdtemp(join(tmpdir(), "parley-lmdb-"));
    return {
      open: (hooks) => openLmdbStore({ path, ...hooks }),
      inChild: { kind: "lmdb", path },
      remove: () => rm(path, { recursive: true, force: true }),
    };
  },
});
