import { expect, test } from "vitest";
import { SharedScan } from "./shared-scan.ts";

interface Thing {
  readonly name: string;
}

test("who asks while a scan runs shares the next one, and each gets only its own", async () => {
  const runs: number[] = [];
  const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const scan = new SharedScan<Thing>(async (filters) => {
    runs.push(filters.length);
    await gates[runs.length - 1]?.promise;
    return [{ name: "a" }, { name: "b" }, { name: "c" }];
  });
  const ask = (name: string) => scan.find({ name }, (thing) => thing.name === name);
  const first = ask("a");
  await Promise.resolve();
  const later = [ask("b"), ask("c"), ask("none")];
  gates[0]?.resolve();
  gates[1]?.resolve();
  expect(await first).toEqual([{ name: "a" }]);
  expect(await Promise.all(later)).toEqual([[{ name: "b" }], [{ name: "c" }], []]);
  expect(runs).toEqual([1, 3]);
});

test("a failed scan fails those who waited for it, and the next one works", async () => {
  let count = 0;
  const scan = new SharedScan<Thing>(async () => {
    count += 1;
    if (count === 1) throw new Error("no connection");
    return [{ name: "a" }];
  });
  const ask = () => scan.find({ name: "a" }, () => true);
  await expect(Promise.all([ask(), ask()])).rejects.toThrow("no connection");
  expect(await ask()).toEqual([{ name: "a" }]);
});
