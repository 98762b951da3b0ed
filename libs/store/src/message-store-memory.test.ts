import { expect, test } from "vitest";
import { openMemoryStore } from "./message-store-memory.ts";
import { message, messages } from "./testing/contract/subject.ts";
import { messageStoreContract } from "./testing/contract/suite.ts";
import type { StoreFault } from "./testing/faults.ts";
import { MemoryLog } from "./testing/memory-log.ts";

messageStoreContract({
  name: "memory",
  propertyRuns: 100,
  async prepare() {
    const log = new MemoryLog();
    return {
      open: async () => openMemoryStore({ log }),
      openCut: async () => {
        let next: StoreFault | undefined;
        const faults = () => {
          const fault = next;
          next = undefined;
          return fault;
        };
        return {
          store: openMemoryStore({ log, faults }),
          cutNext: (when) => {
            next = { kind: "unknown", apply: when === "after" ? "all" : "none" };
          },
        };
      },
      remove: async () => {},
    };
  },
});

test("a late write applies when its time comes, in part if so planted, and the unique key judges it then", async () => {
  const log = new MemoryLog();
  const late = Promise.withResolvers<void>();
  const faults: StoreFault[] = [{ kind: "unknown", apply: 2, at: late.promise }];
  const store = openMemoryStore({ log, faults: () => faults.shift() });
  await expect(store.append("c", messages("c", 1, 3))).rejects.toMatchObject({ code: "unknown" });
  expect(await store.head("c")).toBe(0);
  await store.append("c", [message("c", 2, { id: "rival" })]);
  late.resolve();
  await late.promise;
  expect(await store.head("c")).toBe(2);
  expect((await store.readAt("c", [1, 2, 3])).map(({ event }) => event.id)).toEqual(["id-1", "rival"]);
});

test("delay, hold and refuse do what they say", async () => {
  const gate = Promise.withResolvers<void>();
  const log = new MemoryLog();
  const plain = openMemoryStore({ log });
  const plan: StoreFault[] = [
    { kind: "refuse" },
    { kind: "hold", until: gate.promise },
    { kind: "delay", until: gate.promise },
  ];
  const seen: string[] = [];
  const store = openMemoryStore({
    log,
    faults: ({ name, channel }) => {
      seen.push(`${name} ${channel}`);
      return plan.shift();
    },
  });
  await expect(store.append("c", messages("c", 1, 1))).rejects.toMatchObject({ code: "unavailable" });
  expect(await plain.head("c")).toBe(0);
  const held = store.append("c", messages("c", 1, 1));
  const delayed = store.append("c", messages("c", 2, 2));
  expect(await plain.head("c")).toBe(1);
  gate.resolve();
  expect(await held).toEqual({ kind: "appended" });
  expect(await delayed).toEqual({ kind: "appended" });
  expect(await plain.head("c")).toBe(2);
  expect(seen).toEqual(["append c", "append c", "append c"]);
});
