import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { MessageStore, OriginEffect } from "./message-store.ts";
import { openLmdbStore } from "./message-store-lmdb.ts";
import { openMemoryStore } from "./message-store-memory.ts";
import { message } from "./testing/contract/subject.ts";
import { copyCrashed, createJournalDisk } from "./testing/journal-disk.ts";

const channels = ["a", "b"] as const;

/** `at` counts from the head: runs that fit, come too late, or leave a hole. */
const appendStep = fc.record({
  kind: fc.constant("append" as const),
  channel: fc.constantFrom(...channels),
  at: fc.integer({ min: -2, max: 3 }),
  ids: fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 }),
  fails: fc.boolean(),
});
const effectStep = fc.record({
  kind: fc.constant("effect" as const),
  channel: fc.constantFrom(...channels),
  target: fc.integer({ min: 1, max: 12 }),
  effect: fc.constantFrom("edit" as const, "delete" as const),
});
const otherStep = fc.record({
  kind: fc.constantFrom("commit" as const, "crash" as const, "crash" as const, "close" as const),
});

test("with crashes, failures and commits in between the store answers as one in memory does", {
  timeout: 120_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof({ weight: 4, arbitrary: appendStep }, effectStep, { weight: 2, arbitrary: otherStep }), {
        minLength: 5,
        maxLength: 40,
      }),
      async (steps) => {
        const folders = [await mkdtemp(join(tmpdir(), "parley-model-"))];
        const model = openMemoryStore();
        const disk = createJournalDisk();
        const reopen = (): Promise<MessageStore> =>
          openLmdbStore({ path: folders.at(-1) ?? "", drainMs: 1_000_000, openFile: disk.openFile });
        const opened = [await reopen()];
        let seq = 100;
        try {
          for (const step of steps) {
            const store = opened.at(-1);
            if (store === undefined) throw new Error("no store");
            if (step.kind === "append") {
              const from = Math.max(1, (await model.head(step.channel)) + 1 + step.at);
              const run = step.ids.map((id, index) => message(step.channel, from + index, { id: `id-${id}` }));
              const before = disk.writes();
              if (step.fails) disk.failNext(run.length * 40);
              const outcome = await store.append(step.channel, run).catch((error) => error.code);
              // One that is refused at its first slot writes nothing, and leaves the failure to the next.
              if (outcome === "unknown") expect(disk.writes()).toBe(before + 1);
              else expect(outcome).toEqual(await model.append(step.channel, run));
            } else if (step.kind === "effect") {
              seq += 1;
              const rest = { seq, target: step.target };
              const effect: OriginEffect =
                step.effect === "edit"
                  ? { kind: "edit", ...rest, text: `edit ${seq}`, time: seq }
                  : { kind: "delete", ...rest };
              for (const each of [store, model]) await each.applyEffects(step.channel, [effect], seq);
            } else if (step.kind === "commit") await store.markIn(["ada"], "a", 1);
            else {
              if (step.kind === "crash") folders.push(await copyCrashed(folders.at(-1) ?? ""));
              else await store.close();
              opened.push(await reopen());
            }
            await compare(opened.at(-1) ?? store, model);
          }
        } finally {
          await Promise.all(opened.map((store) => store.close()));
          for (const folder of folders) await rm(folder, { recursive: true });
        }
      },
    ),
    { numRuns: 60 },
  );
});

async function compare(store: MessageStore, model: MessageStore): Promise<void> {
  for (const channel of channels) {
    const answers = await Promise.all(
      [store, model].map(async (each) => ({
        head: await each.head(channel),
        page: await each.readAfter(channel, 0, { events: 1_000 }),
        back: await each.readBefore(channel, 8, { events: 3 }),
        all: await each.readAt(
          channel,
          Array.from({ length: 30 }, (_, index) => index + 1),
        ),
        above: await each.findAboveHole(channel, await each.head(channel)),
        found: await each.findByRequest(channel, "ada", "id-7"),
      })),
    );
    expect(answers[0]).toEqual(answers[1]);
  }
}
