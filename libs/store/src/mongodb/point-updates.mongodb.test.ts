import { requireServer } from "@parley/servers/testing";
import { MongoClient } from "mongodb";
import { describe, expect, onTestFinished, test } from "vitest";
import { PointUpdates } from "./point-updates.ts";

const server = await requireServer("mongodb");

interface Counter {
  readonly _id: string;
  readonly most: number;
}

async function open() {
  const client = await MongoClient.connect(server?.url ?? "", { monitorCommands: true });
  const collection = client.db("parley-point-updates").collection<Counter>("counters");
  onTestFinished(async () => {
    await client.db("parley-point-updates").dropDatabase();
    await client.close();
  });
  let commands = 0;
  client.on("commandStarted", ({ commandName }) => {
    if (commandName === "update") commands += 1;
  });
  return { collection, commandCount: () => commands };
}

describe.skipIf(server === undefined)("updates by _id", () => {
  test("those of one tick go in one command, two of the same document among them; those of the next in another", async () => {
    const { collection, commandCount } = await open();
    const updates = new PointUpdates(collection, true);
    const raise = (id: string, most: number) => updates.apply({ _id: id, update: { $max: { most } } });
    await Promise.all([
      ...Array.from({ length: 200 }, (_, at) => raise(`u${at}`, at)),
      raise("u7", 700),
      raise("u8", 1),
    ]);
    expect(commandCount()).toBe(1);
    await raise("u9", 900);
    expect(commandCount()).toBe(2);
    const found = await collection.find({ _id: { $in: ["u7", "u8", "u9", "u199"] } }).toArray();
    expect(new Map(found.map(({ _id, most }) => [_id, most]))).toEqual(
      new Map([
        ["u7", 700],
        ["u8", 8],
        ["u9", 900],
        ["u199", 199],
      ]),
    );
  });

  test("where the command fails, each who asked is told", async () => {
    const { collection } = await open();
    const updates = new PointUpdates(collection, true);
    const wrong = { $max: { "": 1 } };
    const asked = await Promise.allSettled([
      updates.apply({ _id: "a", update: wrong }),
      updates.apply({ _id: "b", update: wrong }),
    ]);
    expect(asked.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  });
});
