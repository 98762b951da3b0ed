import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import type { MessageStore, OriginEffect } from "../../message-store.ts";
import { message, type StoreData } from "./subject.ts";

const edit = (seq: number, target: number): OriginEffect => ({
  kind: "edit",
  seq,
  target,
  text: `edit ${seq}`,
  time: 1_000 + seq,
});
const remove = (seq: number, target: number): OriginEffect => ({ kind: "delete", seq, target });
const react = (seq: number, target: number, user: string, emoji: string, isRemove = false): OriginEffect => ({
  kind: "reaction",
  seq,
  target,
  user,
  emoji,
  remove: isRemove,
});

/** Three messages, then the events that the effects come from. */
async function appendWithEffects(store: MessageStore, channel: string, effects: readonly OriginEffect[]) {
  const body = { kind: "message", text: "secret", data: '{"secret":1}', replyTo: 1, mentions: ["bob"] } as const;
  await store.append(channel, [
    ...[1, 2, 3].map((seq) => message(channel, seq, { body })),
    ...effects.map((effect) => {
      if (effect.kind === "reaction") {
        const { target, emoji } = effect;
        return message(channel, effect.seq, { body: { kind: "reaction", target, emoji } });
      }
      const { kind, target, seq } = effect;
      return message(channel, seq, { body: kind === "edit" ? { kind, target, text: effect.text } : { kind, target } });
    }),
  ]);
}

export function effectsContract(data: () => StoreData, propertyRuns: number): void {
  describe("effects on the origin", () => {
    let store: MessageStore;
    beforeEach(async () => {
      store = await data().open();
    });

    test("the newest edit wins and does not touch the event itself", async () => {
      const effects = [edit(4, 1), edit(5, 1)];
      await appendWithEffects(store, "c", effects);
      await store.applyEffects("c", effects, 5);
      const [stored] = await store.readAt("c", [1]);
      expect(stored?.origin).toEqual({ edit: { seq: 5, text: "edit 5", time: 1_005 } });
      expect(stored?.event.body).toMatchObject({ text: "secret" });
      expect((await store.readSummaries(["c"])).get("c")?.applied).toBe(5);
    });

    test("a delete erases text and data of the message and of its edits, and what identifies it stays", async () => {
      const effects = [edit(4, 2), edit(5, 2), remove(6, 2), edit(7, 3)];
      await appendWithEffects(store, "c", effects);
      await store.applyEffects("c", effects, 7);
      const other = await data().open();
      const [target, ...rest] = await other.readAt("c", [2, 4, 5, 6, 7]);
      expect(target).toEqual({
        event: message("c", 2, { body: { kind: "message", replyTo: 1, mentions: ["bob"], erased: true } }),
        origin: { deleted: 6 },
      });
      const erased = { kind: "edit", target: 2, erased: true };
      const kept = [
        { kind: "delete", target: 2 },
        { kind: "edit", target: 3, text: "edit 7" },
      ];
      expect(rest.map(({ event }) => event.body)).toEqual([erased, erased, ...kept]);
      expect(await other.findByRequest("c", "ada", "id-2")).toEqual(target);
    });

    test("the newest reaction of each user and emoji counts, added or removed", async () => {
      const effects = [
        react(4, 1, "bob", "👍"),
        react(5, 1, "bob", "👍", true),
        react(6, 1, "bob", "$.\ud83d"),
        react(7, 1, "__proto__", "👍"),
      ];
      await appendWithEffects(store, "c", effects);
      await store.applyEffects("c", [...effects].reverse(), 7);
      expect((await store.readAfter("c", 0, { events: 1 })).events[0]?.origin?.reactions).toEqual([
        { user: "bob", emoji: "👍", seq: 5, remove: true },
        { user: "bob", emoji: "$.\ud83d", seq: 6, remove: false },
        { user: "__proto__", emoji: "👍", seq: 7, remove: false },
      ]);
    });

    test("an effect on what is not in the log does nothing, and `applied` never goes back", async () => {
      await store.append("c", [message("c", 1)]);
      await store.applyEffects("c", [edit(8, 7), remove(9, 7), react(10, 7, "bob", "x")], 10);
      await store.applyEffects("c", [], 4);
      expect(await store.readAt("c", [7])).toEqual([]);
      expect(await store.head("c")).toBe(1);
      expect((await store.readSummaries(["c"])).get("c")?.applied).toBe(10);
    });

    test("hundreds of effects go in one call", async () => {
      const targets = Array.from({ length: 200 }, (_, index) => index + 1);
      await store.append(
        "c",
        targets.map((seq) => message("c", seq)),
      );
      await store.applyEffects(
        "c",
        targets.map((target) => react(target + 200, target, "bob", "x")),
        400,
      );
      await store.applyEffects(
        "c",
        targets.map((target) => edit(target + 400, target)),
        600,
      );
      const [last] = (await store.readAt("c", [200])).map(({ origin }) => origin);
      expect(last).toMatchObject({ edit: { seq: 600 }, reactions: [{ user: "bob", seq: 400 }] });
    });

    test("in any order, in any batches, any number of times, from two stores: the result is the same", async () => {
      const other = await data().open();
      const effects = [
        edit(4, 1),
        remove(5, 2),
        edit(6, 2),
        react(7, 1, "bob", "👍"),
        edit(8, 1),
        react(9, 1, "bob", "👍", true),
        remove(10, 2),
        react(11, 2, "cy", "👎"),
        edit(12, 3),
        remove(13, 3),
        edit(14, 3),
      ];
      await appendWithEffects(store, "model", effects);
      for (const effect of effects) await store.applyEffects("model", [effect], effect.seq);
      const expected = JSON.stringify((await store.readAfter("model", 0, { events: 100 })).events);
      let run = 0;
      const order = fc.shuffledSubarray([...effects, ...effects], { minLength: 2 * effects.length });
      const cuts = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 22, maxLength: 22 });
      await fc.assert(
        fc.asyncProperty(order, cuts, async (shuffled, sizes) => {
          run += 1;
          const channel = `run${run}`;
          await appendWithEffects(store, channel, effects);
          const batches: Promise<void>[] = [];
          const rest = [...shuffled];
          for (const [index, size] of sizes.entries()) {
            const batch = rest.splice(0, size);
            if (batch.length > 0) batches.push((index % 2 === 0 ? store : other).applyEffects(channel, batch, 14));
          }
          await Promise.all(batches);
          const got = JSON.stringify((await store.readAfter(channel, 0, { events: 100 })).events);
          expect(got.replaceAll(channel, "model")).toBe(expected);
        }),
        { numRuns: propertyRuns },
      );
    });
  });
}
