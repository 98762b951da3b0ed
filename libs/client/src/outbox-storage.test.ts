import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createFileStorage } from "./node/index.ts";
import {
  createKeyValueStorage,
  createMemoryStorage,
  type KeyValueStorage,
  type OutboxStorage,
  type StoredRequest,
} from "./outbox-storage.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "parley-outbox-"));
});
afterAll(() => rm(folder, { recursive: true }));

class FakeLocalStorage implements KeyValueStorage {
  readonly items = new Map<string, string>();
  getItem(key: string): string | null {
    return this.items.get(key) ?? null;
  }
  setItem(key: string, value: string): void {
    this.items.set(key, value);
  }
  removeItem(key: string): void {
    this.items.delete(key);
  }
}

const request = (id: string, text = id): StoredRequest => ({ id, channel: "c", request: { type: "send", text } });

/** Each makes a function that opens the same storage anew, as a restart does. */
const kinds: readonly (readonly [string, () => () => OutboxStorage])[] = [
  [
    "memory",
    () => {
      const storage = createMemoryStorage();
      return () => storage;
    },
  ],
  [
    "key-value",
    () => {
      const items = new FakeLocalStorage();
      return () => createKeyValueStorage(items, "outbox");
    },
  ],
  [
    "file",
    () => {
      const path = join(folder, `deep/${Math.random()}.jsonl`);
      return () => createFileStorage(path);
    },
  ],
];

describe.each(kinds)("%s", (_name, makeOpener) => {
  test("what was put is loaded after a restart, in the order of the first put", async () => {
    const open = makeOpener();
    const storage = open();
    expect(await storage.load()).toEqual([]);
    // Without waiting in between, as the outbox calls it.
    await Promise.all(["a", "b", "c"].map((id) => storage.put(request(id))));
    await storage.put(request("b", "changed"));
    await storage.remove("a");
    await storage.remove("a");
    await storage.remove("never there");
    expect(await open().load()).toEqual([request("b", "changed"), request("c")]);
  });

  test("a restarted storage goes on", async () => {
    const open = makeOpener();
    const first = open();
    await first.load();
    await first.put(request("a"));
    const second = open();
    await second.load();
    await second.put(request("b"));
    await second.remove("a");
    expect(await open().load()).toEqual([request("b")]);
  });
});

test("a file with a torn last line loads what is whole", async () => {
  const path = join(folder, "torn.jsonl");
  await writeFile(path, `${JSON.stringify(request("a"))}\n{"id":"b","chan`);
  const storage = createFileStorage(path);
  expect(await storage.load()).toEqual([request("a")]);
  await storage.put(request("c"));
  expect(await createFileStorage(path).load()).toEqual([request("a"), request("c")]);
});

test("a file does not grow with what was settled, and is the user's own", async () => {
  const path = join(folder, "bounded.jsonl");
  const storage = createFileStorage(path);
  await storage.load();
  await storage.put(request("stays"));
  for (let at = 0; at < 1_000; at += 1) {
    void storage.put(request(`r${at}`));
    await storage.remove(`r${at}`);
  }
  const lines = (await readFile(path, "utf8")).split("\n");
  expect(lines.length).toBeLessThan(1_100);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(await createFileStorage(path).load()).toEqual([request("stays")]);
});

test("junk in local storage locks nobody out", async () => {
  const items = new FakeLocalStorage();
  items.setItem("outbox:order", "{nonsense");
  expect(await createKeyValueStorage(items, "outbox").load()).toEqual([]);
  items.setItem("outbox:order", '["a","b",7]');
  items.setItem("outbox:a", '{"id":"a"}');
  items.setItem("outbox:b", JSON.stringify(request("b")));
  expect(await createKeyValueStorage(items, "outbox").load()).toEqual([request("b")]);
});
