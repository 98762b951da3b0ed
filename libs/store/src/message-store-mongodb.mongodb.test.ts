import { requireServer } from "@parley/servers/testing";
import { describe, expect, test } from "vitest";
import { openMongoStore } from "./message-store-mongodb.ts";
import { messageStoreContract } from "./testing/contract/suite.ts";
import { isFerretdb, prepareMongo } from "./testing/mongo-data.ts";

const server = await requireServer("mongodb");
const isSlow = server !== undefined && (await isFerretdb(server.url));

describe.skipIf(server === undefined)("on a MongoDB-wire server", () => {
  const url = server?.url ?? "";

  messageStoreContract({
    name: "MongoDB by point reads",
    longLogEvents: 200_000,
    propertyRuns: 12,
    prepare: () => prepareMongo(url, "point"),
  });

  messageStoreContract({
    name: "MongoDB by ranges",
    // FerretDB reads the whole collection for each range.
    longLogEvents: isSlow ? 2_000 : 200_000,
    propertyRuns: 12,
    prepare: () => prepareMongo(url, "range"),
  });

  test("the strategy follows what the server says it is", async () => {
    let touched = 0;
    const data = await prepareMongo(url, "point");
    if (data.inChild?.kind !== "mongodb") throw new Error("not a MongoDB");
    const { database } = data.inChild;
    const onTouch = (count: number) => {
      touched += count;
    };
    const store = await openMongoStore({ url, database, onTouch });
    await store.readAfter("c", 0, { events: 10 });
    expect(touched > 0).toBe(isSlow);
    await store.close();
    await data.remove();
  });
});
