import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { describe, expect, test } from "vitest";
import type { ChildOpen, StoreData } from "./subject.ts";

const rounds = 25;

interface Racer {
  readonly child: ChildProcessByStdio<Writable, Readable, null>;
  readonly lines: Interface;
}

export function processesContract(data: () => StoreData): void {
  describe("two OS processes", () => {
    test("a duplicate id raced from both makes one event, and the loser finds it", { timeout: 60_000 }, async ({
      skip,
    }) => {
      const { inChild, open } = data();
      if (inChild === undefined) return skip("only one process may have this store open");
      // Makes files and indexes before the race.
      const store = await open();
      const racers = await Promise.all([startRacer(inChild), startRacer(inChild)]);
      for (let round = 1; round <= rounds; round += 1) {
        const answers = racers.map(({ lines }) => once(lines, "line"));
        for (const { child } of racers) child.stdin.write(`id-${round}\n`);
        const outcomes = (await Promise.all(answers)).map(([line]) => String(line));
        expect(outcomes.filter((outcome) => outcome.startsWith("appended"))).toHaveLength(1);
        expect(outcomes.filter((outcome) => outcome === `refused found ${round}`)).toHaveLength(1);
      }
      for (const { child } of racers) child.stdin.end();
      await Promise.all(racers.map(({ child }) => (child.exitCode === null ? once(child, "exit") : undefined)));
      const { events } = await store.readAfter("raced", 0, { events: 100 });
      expect(events.map(({ event }) => event.id)).toEqual(
        Array.from({ length: rounds }, (_, index) => `id-${index + 1}`),
      );
    });
  });
}

async function startRacer(inChild: ChildOpen): Promise<Racer> {
  const script = join(import.meta.dirname, "..", "processes", "race.ts");
  const child = spawn(process.execPath, [script, JSON.stringify(inChild)], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout });
  const [line] = await once(lines, "line");
  expect(line).toBe("ready");
  return { child, lines };
}
