import { beforeEach, describe, expect, test } from "vitest";
import type { MessageStore } from "../../message-store.ts";
import { message, messages, type StoreData, seqs } from "./subject.ts";

export function readContract(data: () => StoreData): void {
  describe("read", () => {
    let store: MessageStore;
    beforeEach(async () => {
      store = await data().open();
    });

    test("an empty log has head 0, an empty last page and nothing above a hole", async () => {
      expect(await store.head("c")).toBe(0);
      expect(await store.readAfter("c", 0, { events: 5 })).toEqual({ events: [], isEnd: true });
      expect(await store.readBefore("c", 1, { events: 5 })).toEqual({ events: [], isEnd: true });
      expect(await store.readAt("c", [1, 2])).toEqual([]);
      expect(await store.findByRequest("c", "ada", "id-1")).toBeUndefined();
      expect(await store.findAboveHole("c", 0)).toBeUndefined();
    });

    test("pages forward tell whether they end at the head: below, at and above it", async () => {
      await store.append("c", messages("c", 1, 100));
      const ends = async (after: number, events: number) => {
        const page = await store.readAfter("c", after, { events });
        return [page.events[0]?.event.seq, page.events.at(-1)?.event.seq, page.isEnd];
      };
      expect(await ends(0, 99)).toEqual([1, 99, false]);
      expect(await ends(0, 100)).toEqual([1, 100, true]);
      expect(await ends(0, 101)).toEqual([1, 100, true]);
      expect(await ends(60, 20)).toEqual([61, 80, false]);
      expect(await ends(99, 1)).toEqual([100, 100, true]);
      expect(await ends(100, 5)).toEqual([undefined, undefined, true]);
      expect(await ends(200, 5)).toEqual([undefined, undefined, true]);
    });

    test("pages back are ascending and tell whether they end at 1", async () => {
      await store.append("c", messages("c", 1, 100));
      const ends = async (before: number, events: number) => {
        const page = await store.readBefore("c", before, { events });
        return [page.events[0]?.event.seq, page.events.at(-1)?.event.seq, page.events.length, page.isEnd];
      };
      expect(await ends(101, 30)).toEqual([71, 100, 30, false]);
      expect(await ends(71, 69)).toEqual([2, 70, 69, false]);
      expect(await ends(71, 70)).toEqual([1, 70, 70, true]);
      expect(await ends(2, 70)).toEqual([1, 1, 1, true]);
      expect(await ends(1, 70)).toEqual([undefined, undefined, 0, true]);
      expect(await ends(1_000_000, 2)).toEqual([99, 100, 2, false]);
    });

    test("a page stops after the event that crosses its bytes, both ways", async () => {
      const body = { kind: "message", text: "x".repeat(8_000) } as const;
      const events = Array.from({ length: 20 }, (_, index) => message("c", index + 1, { body }));
      await store.append("c", events);
      const forward = await store.readAfter("c", 0, { events: 20, bytesMax: 20_000 });
      expect([seqs(forward.events), forward.isEnd]).toEqual([[1, 2, 3], false]);
      const back = await store.readBefore("c", 21, { events: 20, bytesMax: 20_000 });
      expect([seqs(back.events), back.isEnd]).toEqual([[18, 19, 20], false]);
      const one = await store.readAfter("c", 4, { events: 20, bytesMax: 1 });
      expect([seqs(one.events), one.isEnd]).toEqual([[5], false]);
      const last = await store.readAfter("c", 19, { events: 20, bytesMax: 1 });
      expect([seqs(last.events), last.isEnd]).toEqual([[20], true]);
    });

    test("limits of 0 and of 1,001 events are mistakes of ours", async () => {
      await expect(store.readAfter("c", 0, { events: 0 })).rejects.toThrow(RangeError);
      await expect(store.readBefore("c", 5, { events: 1_001 })).rejects.toThrow(RangeError);
      await expect(store.readAfter("c", -1, { events: 5 })).rejects.toThrow(RangeError);
    });

    test("a log with a hole reads only up to it, forward, back and by its head", async () => {
      await store.append("c", messages("c", 1, 5));
      await store.append("c", messages("c", 8, 12));
      for (const reader of [store, await data().open()]) {
        expect(await reader.head("c")).toBe(5);
        expect((await reader.heads(["c"])).get("c")).toBe(5);
        const forward = await reader.readAfter("c", 0, { events: 100 });
        expect([seqs(forward.events), forward.isEnd]).toEqual([[1, 2, 3, 4, 5], true]);
        expect(await reader.readAfter("c", 7, { events: 100 })).toEqual({ events: [], isEnd: true });
        expect(seqs((await reader.readBefore("c", 13, { events: 100 })).events)).toEqual([1, 2, 3, 4, 5]);
        expect(await reader.findAboveHole("c", 5)).toBe(8);
      }
    });

    test("what lies above a hole can still be read by name, and joins the log when the hole is filled", async () => {
      await store.append("c", messages("c", 1, 2));
      await store.append("c", messages("c", 5, 6));
      expect(seqs(await store.readAt("c", [6, 4, 2]))).toEqual([6, 2]);
      await store.append(
        "c",
        [3, 4].map((seq) => message("c", seq, { body: { kind: "noop" } })),
      );
      expect(await store.head("c")).toBe(6);
      expect(await store.findAboveHole("c", 6)).toBeUndefined();
      expect(seqs((await store.readAfter("c", 0, { events: 9 })).events)).toEqual([1, 2, 3, 4, 5, 6]);
    });

    test("readAt keeps the order asked and leaves out what is not there", async () => {
      await store.append("c", messages("c", 1, 9));
      expect(seqs(await store.readAt("c", [7, 99, 2, 9]))).toEqual([7, 2, 9]);
      expect(await store.readAt("c", [])).toEqual([]);
    });

    test("an event is found by its request, whoever appended it", async () => {
      await store.append("c", messages("c", 1, 9));
      const other = await data().open();
      for (const reader of [store, other]) {
        expect((await reader.findByRequest("c", "ada", "id-4"))?.event).toEqual(message("c", 4));
        expect(await reader.findByRequest("c", "bob", "id-4")).toBeUndefined();
        expect(await reader.findByRequest("d", "ada", "id-4")).toBeUndefined();
        expect(await reader.findByRequest("c", "ada", "id-44")).toBeUndefined();
      }
    });

    test("findGrown names the logs that hold an event just after the cursor", async () => {
      await store.append("c", messages("c", 1, 3));
      await store.append("d", messages("d", 1, 3));
      const other = await data().open();
      const cursors = new Map([
        ["c", 2],
        ["d", 3],
        ["none", 0],
      ]);
      expect(await other.findGrown(cursors)).toEqual(["c"]);
      expect(await other.findGrown(new Map())).toEqual([]);
    });

    test("a read sees what another store has just reported as appended", async () => {
      const other = await data().open();
      for (let seq = 1; seq <= 30; seq += 1) {
        const [writer, reader] = seq % 2 === 0 ? [store, other] : [other, store];
        await writer.append("c", [message("c", seq)]);
        expect(await reader.head("c")).toBe(seq);
        expect(seqs((await reader.readAfter("c", seq - 1, { events: 5 })).events)).toEqual([seq]);
      }
    });

    test("every kind of event comes back as it went in, dangerous contents included", async () => {
      const data_ = JSON.stringify({ $where: "1", "a.b": { $set: 1 }, nested: [null, 1e21, -0.5] });
      const odd = `{"__proto__":{"x":1},"constructor":"\\ud800","b":2,"a":1}`;
      const bodies = [
        { kind: "message", text: "plain" },
        { kind: "message", data: data_ },
        { kind: "message", text: "both", data: odd, replyTo: 1, mentions: ["bob", "__proto__"] },
        { kind: "message", text: "\ud83d alone \udc4d", mentions: [] },
        { kind: "message", text: "👩‍👩‍👧‍👦 \u0000 \u2028 <&> \u202e שלום 한국어 𝒳" },
        { kind: "message", text: "\u0001json:not really" },
        { kind: "message", text: "$set" },
        { kind: "edit", target: 1, text: "\udfff" },
        { kind: "delete", target: 2 },
        { kind: "reaction", target: 1, emoji: "$.\ud83d" },
        { kind: "reaction", target: 1, emoji: "👍🏽", remove: true },
        { kind: "member", user: "bob", change: "role", role: "moderator" },
        { kind: "member", user: "__proto__", change: "left" },
        {
          kind: "created",
          channelKind: "group",
          name: "$ne. \ud800",
          members: [
            { user: "ada", role: "owner" },
            { user: "constructor", role: "member" },
          ],
        },
        { kind: "created", channelKind: "direct", members: [] },
        { kind: "noop" },
      ] as const;
      const events = bodies.map((body, index) =>
        message("__proto__", index + 1, { id: `~${index}`, sender: "constructor", body }),
      );
      expect(await store.append("__proto__", events)).toEqual({ kind: "appended" });
      const other = await data().open();
      const page = await other.readAfter("__proto__", 0, { events: 100 });
      expect(page.events).toEqual(events.map((event) => ({ event })));
    });

    test("a watermark that is ahead of the log (a restored one) is not believed", async () => {
      await store.append("c", messages("c", 1, 5));
      await store.advanceSummaries(new Map([["c", { verified: 100 }]]));
      const other = await data().open();
      expect(await other.head("c")).toBe(5);
      expect((await other.readAfter("c", 50, { events: 5 })).events).toEqual([]);
      expect(seqs((await other.readBefore("c", 101, { events: 2 })).events)).toEqual([4, 5]);
    });

    test("after close every call says unavailable, and closing twice is fine", async () => {
      await store.close();
      await store.close();
      await expect(store.head("c")).rejects.toMatchObject({ code: "unavailable" });
      await expect(store.append("c", [message("c", 1)])).rejects.toMatchObject({ code: "unavailable" });
      await expect(store.ping()).rejects.toMatchObject({ code: "unavailable" });
    });
  });
}
