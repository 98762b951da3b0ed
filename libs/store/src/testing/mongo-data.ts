import { randomUUID } from "node:crypto";
import { MongoClient } from "mongodb";
import { openMongoStore } from "../message-store-mongodb.ts";
import type { UserDocument } from "../mongodb/collections.ts";
import { fieldOf, packRanked } from "../mongodb/text.ts";
import type { StoreData } from "./contract/subject.ts";
import { startCuttingProxy } from "./cutting-proxy.ts";

/** An insert into `events`: the name of a command is the first element of its document, here a string (type 2). */
const insertMarker = Buffer.from("\u0002insert\0\u0007\0\0\0events\0");

/** A database of its own on the server; removed with `remove`. */
export async function prepareMongo(url: string, strategy: "range" | "point"): Promise<StoreData> {
  const database = `parley-${randomUUID()}`;
  const cleanups: (() => Promise<void>)[] = [];
  return {
    open: (hooks) => openMongoStore({ url, database, strategy, ...hooks }),
    openCut: async () => {
      const proxy = await startCuttingProxy(url);
      cleanups.push(() => proxy.close());
      const store = await openMongoStore({ url: proxy.url, database, strategy });
      return { store, cutNext: (when) => proxy.cutNext(when, insertMarker) };
    },
    inChild: { kind: "mongodb", url, database, strategy },
    seedUser: async (user, channels) => {
      await withClient(url, async (client) => {
        const marks = Object.fromEntries(channels.map((channel) => [fieldOf(channel), { in: 1 }]));
        const reads = Object.fromEntries(channels.map((channel) => [fieldOf(channel), packRanked(5, "4")]));
        await client.db(database).collection<UserDocument>("users").insertOne({ _id: user, channels: marks, reads });
      });
    },
    remove: async () => {
      for (const cleanup of cleanups) await cleanup();
      await withClient(url, async (client) => {
        await client.db(database).dropDatabase();
      });
    },
  };
}

export async function withClient<T>(url: string, action: (client: MongoClient) => Promise<T>): Promise<T> {
  const client = new MongoClient(url);
  try {
    return await action(client);
  } finally {
    await client.close();
  }
}

/** Whether the server says in `buildInfo` that it is FerretDB. */
export function isFerretdb(url: string): Promise<boolean> {
  return withClient(url, async (client) => "ferretdbVersion" in (await client.db("admin").command({ buildInfo: 1 })));
}
