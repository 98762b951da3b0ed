import { mkdtemp, rm, stat } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { MessageStore } from "./message-store.ts";
import { openLmdbStore } from "./message-store-lmdb.ts";
import { openRemoteStore } from "./message-store-remote.ts";
import { type StoreServer, serveStore } from "./remote/serve-store.ts";
import { message } from "./testing/contract/subject.ts";
import { messageStoreContract } from "./testing/contract/suite.ts";

messageStoreContract({
  name: "LMDB in another process",
  longLogEvents: 20_000,
  propertyRuns: 30,
  async prepare() {
    const folder = await mkdtemp(join(tmpdir(), "parley-remote-"));
    const path = join(folder, "store.sock");
    let touch: ((entries: number) => void) | undefined;
    // As in the process that holds the store of a fleet.
    const options = { isAlone: true, onTouch: (entries: number) => touch?.(entries) };
    const store = await openLmdbStore({ path: join(folder, "log"), ...options });
    let cut: "before" | "after" | undefined;
    let server: StoreServer | undefined;
    const served: MessageStore = new Proxy(store, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== "function") return member;
        return async (...args: unknown[]): Promise<unknown> => {
          const when = name === "append" ? cut : undefined;
          if (when !== undefined) cut = undefined;
          if (when === "before") return void (await restart());
          const result: unknown = await member.apply(target, args);
          if (when === "after") await restart();
          return result;
        };
      },
    });
    const restart = async (): Promise<void> => {
      await server?.close();
      server = await serveStore(served, path);
    };
    await restart();
    return {
      inChild: { kind: "remote", path },
      open: (hooks) => {
        if (hooks?.onTouch !== undefined) touch = hooks.onTouch;
        return openRemoteStore({ path });
      },
      openCut: async () => ({
        store: await openRemoteStore({ path }),
        cutNext: (when) => {
          cut = when;
        },
      }),
      async remove() {
        await server?.close();
        await store.close();
        await rm(folder, { recursive: true, force: true });
      },
    };
  },
});

async function served(store: (real: MessageStore) => MessageStore = (real) => real) {
  const folder = await mkdtemp(join(tmpdir(), "parley-remote-"));
  const real = await openLmdbStore({ path: join(folder, "log") });
  const path = join(folder, "store.sock");
  const server = await serveStore(store(real), path);
  onTestFinished(async () => {
    await server.close();
    await real.close();
    await rm(folder, { recursive: true, force: true });
  });
  return { path, server, real, store };
}

test("only this user may open the socket", async () => {
  const { path } = await served();
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

test("where nothing answers, opening says so", async () => {
  await expect(openRemoteStore({ path: "/nonexistent/store.sock" })).rejects.toMatchObject({ code: "unavailable" });
});

test("while the store's process is away calls are unavailable; when it is back they go on", async () => {
  const { path, server, real } = await served();
  const remote = await openRemoteStore({ path });
  onTestFinished(() => remote.close());
  await remote.append("room", [message("room", 1)]);
  await server.close();
  await expect
    .poll(() =>
      remote.head("room").then(
        () => "up",
        (error) => error.code,
      ),
    )
    .toBe("unavailable");
  const back = await serveStore(real, path);
  onTestFinished(() => back.close());
  await expect.poll(() => remote.head("room").catch(() => 0), { timeout: 10_000 }).toBe(1);
});

test("a write that takes too long is unknown, a read unavailable, and the late answer changes nothing", async () => {
  let release = (): void => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const { path } = await served(
    (real) =>
      new Proxy(real, {
        get(target, name) {
          const member: unknown = Reflect.get(target, name);
          if (typeof member !== "function") return member;
          return async (...args: unknown[]): Promise<unknown> => {
            await held;
            return member.apply(target, args);
          };
        },
      }),
  );
  const remote = await openRemoteStore({ path, callMs: 300 });
  onTestFinished(() => remote.close());
  const outcomes = await Promise.allSettled([remote.append("room", [message("room", 1)]), remote.head("room")]);
  expect(outcomes).toMatchObject([{ reason: { code: "unknown" } }, { reason: { code: "unavailable" } }]);
  release();
  await expect.poll(() => remote.head("room")).toBe(1);
});

test("a stranger who sends no batch is cut off, and the others are served on", async () => {
  const { path } = await served();
  const remote = await openRemoteStore({ path });
  onTestFinished(() => remote.close());
  for (const bytes of [Buffer.from([0xff, 0xff, 0xff, 0xff]), Buffer.from([0, 0, 0, 2, 0x7b, 0x7b])]) {
    const stranger = connect(path);
    const gone = new Promise((resolve) => stranger.on("close", resolve));
    stranger.on("error", () => {});
    stranger.write(bytes);
    await gone;
  }
  // A list, but of no calls.
  const odd = connect(path);
  onTestFinished(() => void odd.destroy());
  const text = Buffer.from(JSON.stringify([[1, "close", []], 7, null, [2]]));
  odd.write(Buffer.concat([Buffer.from([0, 0, 0, text.length]), text]));
  expect(await remote.head("room")).toBe(0);
});

// A herd of take-overs asks for a thousand pages in one tick: more than one batch may hold.
test("answers of one tick that are more than a batch may hold go in several", async () => {
  const { path } = await served();
  const remote = await openRemoteStore({ path });
  onTestFinished(() => remote.close());
  const body = { kind: "message", text: "x".repeat(5_000) } as const;
  await remote.append(
    "room",
    Array.from({ length: 200 }, (_, index) => message("room", index + 1, { body })),
  );
  const pages = await Promise.all(Array.from({ length: 80 }, () => remote.readAfter("room", 0, { events: 200 })));
  expect(pages.map(({ events }) => events.length)).toEqual(Array(80).fill(200));
}, 30_000);
