import { beforeEach, describe, expect, test } from "vitest";
import type { ChannelSummary, MessageStore } from "../../message-store.ts";
import type { StoreData } from "./subject.ts";

const manyChannels = 10_000;

/** What is kept beside the logs: summaries and the index of users. */
export function besideContract(data: () => StoreData): void {
  describe("beside the log", () => {
    let store: MessageStore;
    beforeEach(async () => {
      store = await data().open();
    });

    test("summaries only move forward, each field by itself, and a snapshot gives way to a newer one only", async () => {
      const advance = (change: Partial<ChannelSummary>) => store.advanceSummaries(new Map([["c", change]]));
      await advance({ verified: 5, activeAt: 1_790_000_000_000, applied: 4 });
      await advance({ verified: 3, activeAt: 1_790_000_000_001, snapshot: { seq: 10, json: '{"a":"\ud800"}' } });
      await advance({ verified: 4, activeAt: 7, applied: 3, snapshot: { seq: 9, json: '{"z":2}' } });
      await advance({});
      const other = await data().open();
      expect(await other.readSummaries(["c", "unknown"])).toEqual(
        new Map([
          [
            "c",
            { verified: 5, activeAt: 1_790_000_000_001, applied: 4, snapshot: { seq: 10, json: '{"a":"\ud800"}' } },
          ],
        ]),
      );
      await advance({ snapshot: { seq: 100, json: "{}" } });
      expect((await other.readSummaries(["c"])).get("c")?.snapshot).toEqual({ seq: 100, json: "{}" });
    });

    test("many summaries go in one call", async () => {
      const channels = Array.from({ length: 600 }, (_, index) => `c${index}`);
      await store.advanceSummaries(new Map(channels.map((channel, index) => [channel, { activeAt: index + 1 }])));
      const found = await store.readSummaries(channels);
      expect(channels.map((channel) => found.get(channel)?.activeAt)).toEqual(channels.map((_, index) => index + 1));
      // Once more, now that they are there, and back: nothing moves.
      await store.advanceSummaries(new Map(channels.map((channel) => [channel, { activeAt: 1 }])));
      expect(await store.readSummaries(channels)).toEqual(found);
      await store.advanceSummaries(new Map());
    });

    test("the user index keeps the highest in and out, whoever writes and in whatever order", async () => {
      const other = await data().open();
      const marks = [3, 9, 5, 1, 7, 9, 2].flatMap((seq) => [
        (seq % 2 === 0 ? store : other).markIn(["ada", "bob"], "c", seq),
        (seq % 2 === 0 ? other : store).markOut("ada", "c", seq - 1),
        store.markIn(["ada"], `c${seq}`, 1),
      ]);
      await Promise.all(marks.filter((mark) => mark !== undefined).map((mark) => mark.catch(ignoreZero)));
      const ada = await other.readUser("ada");
      expect(ada.channels.get("c")).toEqual({ in: 9, out: 8 });
      expect([...ada.channels.keys()].sort()).toEqual(["c", "c1", "c2", "c3", "c5", "c7", "c9"]);
      expect((await other.readUser("bob")).channels).toEqual(new Map([["c", { in: 9, out: 0 }]]));
      expect(await other.readUser("nobody")).toEqual({ channels: new Map(), reads: new Map() });
    });

    test("many users are marked in one call, again and again", async () => {
      const users = Array.from({ length: 300 }, (_, index) => `user-${index}`);
      await store.markIn(users, "c", 1);
      await store.markIn(users, "d", 2);
      await store.markIn(users, "c", 3);
      for (const user of ["user-0", "user-299"]) {
        expect([...(await store.readUser(user)).channels]).toEqual([
          ["c", { in: 3, out: 0 }],
          ["d", { in: 2, out: 0 }],
        ]);
      }
    });

    test("channels and users named like parts of JavaScript, or by digits, are ids like others", async () => {
      const names = ["__proto__", "constructor", "123", "toString", "-", "_id"];
      for (const name of names) {
        await store.markIn([name], name, 2);
        await store.advanceReads(name, new Map([[name, { seq: 3, ordinal: 2 }]]));
      }
      for (const name of names) {
        const index = await store.readUser(name);
        expect(index.channels).toEqual(new Map([[name, { in: 2, out: 0 }]]));
        expect(index.reads).toEqual(new Map([[name, { seq: 3, ordinal: 2 }]]));
      }
      await expect(store.markIn(["$gt"], "c", 1)).rejects.toThrow(RangeError);
      await expect(store.advanceReads("ada", new Map([["a.b", { seq: 1, ordinal: 1 }]]))).rejects.toThrow(RangeError);
    });

    test("read marks only move forward, and a mark without membership is kept apart from it", async () => {
      await store.advanceReads(
        "ada",
        new Map([
          ["c", { seq: 90, ordinal: 80 }],
          ["d", { seq: 1, ordinal: 1 }],
        ]),
      );
      await store.advanceReads(
        "ada",
        new Map([
          ["c", { seq: 100, ordinal: 85 }],
          ["d", { seq: 1, ordinal: 0 }],
        ]),
      );
      await store.advanceReads("ada", new Map([["c", { seq: 9, ordinal: 9 }]]));
      await store.advanceReads("ada", new Map());
      expect(await store.readUser("ada")).toEqual({
        channels: new Map(),
        reads: new Map([
          ["c", { seq: 100, ordinal: 85 }],
          ["d", { seq: 1, ordinal: 1 }],
        ]),
      });
    });

    test("a user of 10,000 channels is read whole and goes on from there", { timeout: 60_000 }, async () => {
      const channels = Array.from({ length: manyChannels }, (_, index) => `channel-${index}`);
      const subject = data();
      if (subject.seedUser !== undefined) await subject.seedUser("ada", channels);
      else {
        await Promise.all(channels.map((channel) => store.markIn(["ada"], channel, 1)));
        await store.advanceReads("ada", new Map(channels.map((channel) => [channel, { seq: 5, ordinal: 4 }])));
      }
      await store.advanceReads("ada", new Map([["channel-8", { seq: 6, ordinal: 5 }]]));
      await store.markIn(["ada"], "one-more", 3);
      await store.markOut("ada", "channel-7", 2);
      const index = await store.readUser("ada");
      expect(index.channels.size).toBe(manyChannels + 1);
      expect(index.reads.size).toBe(manyChannels);
      expect(index.channels.get("channel-7")).toEqual({ in: 1, out: 2 });
      expect(index.reads.get("channel-8")).toEqual({ seq: 6, ordinal: 5 });
      expect(index.channels.get("channel-9999")).toEqual({ in: 1, out: 0 });
    });
  });
}

/** `out` of a seq of 0 is refused as a mistake; the test above asks for one on purpose. */
function ignoreZero(error: unknown): void {
  if (!(error instanceof RangeError)) throw error;
}
