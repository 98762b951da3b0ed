import { beforeEach, describe, expect, test } from "vitest";
import type { MessageStore } from "../../message-store.ts";
import { message, messages, type StoreData, seqs } from "./subject.ts";

export function appendContract(data: () => StoreData): void {
  describe("append", () => {
    let store: MessageStore;
    beforeEach(async () => {
      store = await data().open();
    });

    test("what was appended is read back whole, by another store too", async () => {
      const events = messages("c", 1, 3);
      expect(await store.append("c", events)).toEqual({ kind: "appended" });
      const other = await data().open();
      expect((await other.readAfter("c", 0, { events: 10 })).events.map(({ event }) => event)).toEqual(events);
    });

    test("a taken seq refuses, and the loser learns at which slot", async () => {
      await store.append("c", messages("c", 1, 3));
      const rival = [message("c", 3, { id: "x" }), message("c", 4, { id: "y" })];
      expect(await store.append("c", rival)).toEqual({ kind: "refused", at: 0 });
      expect(await store.readAt("c", [3, 4])).toEqual([{ event: message("c", 3) }]);
    });

    test("a used request id refuses in the middle of a run: all before it are in, none after", async () => {
      await store.append("c", messages("c", 1, 2));
      const run = [message("c", 3), message("c", 4), message("c", 5, { id: "id-1" }), message("c", 6)];
      expect(await store.append("c", run)).toEqual({ kind: "refused", at: 2 });
      expect(seqs((await store.readAfter("c", 0, { events: 10 })).events)).toEqual([1, 2, 3, 4]);
      expect(await store.readAt("c", [5, 6])).toEqual([]);
    });

    test("a longest run refused at slot 120 leaves neither a hole nor anything behind it", async () => {
      await store.append("c", messages("c", 1, 1));
      const run = messages("c", 2, 257);
      run[120] = message("c", 122, { id: "id-1" });
      expect(await store.append("c", run)).toEqual({ kind: "refused", at: 120 });
      expect(await store.head("c")).toBe(121);
      expect(await store.findAboveHole("c", 121)).toBeUndefined();
    });

    test("the same id twice in one run is refused at the second", async () => {
      const run = [message("c", 1), message("c", 2, { id: "id-1" })];
      expect(await store.append("c", run)).toEqual({ kind: "refused", at: 1 });
    });

    test("the same id of another sender or in another channel is another request", async () => {
      await store.append("c", [message("c", 1)]);
      const other = message("c", 2, { sender: "bob", id: "id-1" });
      expect(await store.append("c", [other])).toEqual({ kind: "appended" });
      expect(await store.append("d", [message("d", 1)])).toEqual({ kind: "appended" });
    });

    test("appending the same run again is refused at once and changes nothing", async () => {
      const run = messages("c", 1, 5);
      await store.append("c", run);
      expect(await store.append("c", run)).toEqual({ kind: "refused", at: 0 });
      expect(await store.head("c")).toBe(5);
    });

    test("of writers racing on one channel each slot has one winner", async () => {
      const stores = await Promise.all([data().open(), data().open(), data().open()]);
      const won: string[] = [];
      await Promise.all(
        stores.map(async (own, writer) => {
          for (let count = 0; count < 12; ) {
            const head = await own.head("c");
            const id = `w${writer}-${count}`;
            const outcome = await own.append("c", [message("c", head + 1, { id })]);
            if (outcome.kind === "refused") {
              expect(outcome.at).toBe(0);
              expect(await own.readAt("c", [head + 1])).toHaveLength(1);
              continue;
            }
            won[head + 1] = id;
            count += 1;
          }
        }),
      );
      const { events } = await store.readAfter("c", 0, { events: 100 });
      expect(events.map(({ event }) => event.id)).toEqual(won.slice(1));
      expect(events).toHaveLength(36);
    });

    test("runs of many channels under way at the same time all get in", async () => {
      const channels = Array.from({ length: 40 }, (_, index) => `c${index}`);
      await Promise.all(channels.map((channel) => store.append(channel, messages(channel, 1, 7))));
      const heads = await store.heads([...channels, "empty"]);
      expect([...heads.values()]).toEqual([...channels.map(() => 7), 0]);
    });

    test("a run of none, of 257, with a gap, of another channel, or with a dangerous id is a mistake of ours", async () => {
      await expect(store.append("c", [])).rejects.toThrow(RangeError);
      await expect(store.append("c", messages("c", 1, 257))).rejects.toThrow(RangeError);
      await expect(store.append("c", [message("c", 1), message("c", 3)])).rejects.toThrow(RangeError);
      await expect(store.append("c", [message("d", 1)])).rejects.toThrow(RangeError);
      await expect(store.append("$where", [message("$where", 1)])).rejects.toThrow(RangeError);
      await expect(store.append("c", [message("c", 1, { id: "a:b" })])).rejects.toThrow(RangeError);
      const text = "x".repeat(4 * 1024 * 1024);
      await expect(store.append("c", [message("c", 1, { body: { kind: "message", text } })])).rejects.toThrow(
        RangeError,
      );
      expect(await store.head("c")).toBe(0);
    });

    test("a longest run gets in whole", async () => {
      expect(await store.append("c", messages("c", 1, 256))).toEqual({ kind: "appended" });
      expect(await store.head("c")).toBe(256);
    });
  });
}
