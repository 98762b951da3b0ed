import { describe, expect, test } from "vitest";
import { groupOf, parseCpuProfile, shortUrl, summarize } from "./cpu-profile.ts";
import { smallProfile } from "./small-profile.ts";

describe("a small profile", () => {
  const summary = summarize(parseCpuProfile(smallProfile));
  const selfMs = (name: string): number => summary.functions.find((one) => one.name === name)?.selfMs ?? Number.NaN;

  test("a sample stands for the time until the next one, and idling is not busy", () => {
    expect(summary.wallMs).toBeCloseTo(10);
    expect(summary.busyMs).toBeCloseTo(7);
    expect(summary.functions.map(({ name }) => name)).not.toContain("(idle)");
  });

  test("a function's self time is summed over all places that it was called from", () => {
    expect(selfMs("deliver")).toBeCloseTo(3);
    expect(selfMs("toString")).toBeCloseTo(1);
  });

  test("a native function counts for its caller's group, and garbage collection for none of ours", () => {
    expect(summary.functions.find(({ name }) => name === "writev")).toMatchObject({
      group: "node internals",
      place: "native, for node internals",
    });
    expect(Object.fromEntries(summary.groups.map(({ name, selfMs: ms }) => [name, Number(ms.toFixed(3))]))).toEqual({
      "chat-server/relay": 3,
      "node internals": 3,
      "garbage collector": 1,
    });
  });

  test("largest first", () => {
    const times = summary.functions.map((one) => one.selfMs);
    expect(times).toEqual(times.toSorted((a, b) => b - a));
  });

  test("samples in the wrong order take no time from anybody", () => {
    const odd = {
      ...smallProfile,
      timeDeltas: smallProfile.timeDeltas.map((delta, at) => (at === 2 ? -5_000 : delta)),
    };
    expect(summarize(parseCpuProfile(odd)).functions.every((one) => one.selfMs > 0)).toBe(true);
  });
});

test("groups are packages, and folders of our own", () => {
  expect(groupOf("file:///srv/parley/chat-server/src/channel/home.ts")).toBe("chat-server/channel");
  expect(groupOf("file:///srv/parley/gateway/src/gateway.ts")).toBe("gateway");
  expect(groupOf("file:///srv/parley/libs/link/src/frame.ts")).toBe("libs/link");
  expect(groupOf("file:///srv/parley/libs/store/src/lmdb/writer.ts")).toBe("libs/store/lmdb");
  expect(groupOf("/srv/parley/node_modules/.pnpm/ws@8.23.0/node_modules/ws/lib/sender.js")).toBe("ws");
  expect(groupOf("file:///srv/parley/node_modules/@scope/thing/index.js")).toBe("@scope/thing");
  expect(groupOf("node:internal/streams/writable")).toBe("node internals");
  expect(groupOf("wasm://wasm/e454c672")).toBe("WebAssembly");
});

test("a place is told without the folders that stand before the repository", () => {
  expect(shortUrl("file:///srv/parley/libs/link/src/frame.ts")).toBe("libs/link/src/frame.ts");
  expect(shortUrl("/srv/parley/node_modules/.pnpm/ws@8/node_modules/ws/lib/sender.js")).toBe("ws/lib/sender.js");
});

test("what is no profile is refused", () => {
  expect(() => parseCpuProfile(undefined)).toThrow("no CPU profile");
  expect(() => parseCpuProfile({ nodes: [], samples: [1] })).toThrow("no CPU profile");
  expect(() => parseCpuProfile({ ...smallProfile, nodes: [{ id: 1 }] })).toThrow("no CPU profile");
});
