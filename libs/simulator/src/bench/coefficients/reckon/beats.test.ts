import { expect, test } from "vitest";
import { mapTotals } from "../measure/window.ts";
import { reckonBeats } from "./beats.ts";

const fleet = (nodes: number) => {
  const idle = mapTotals((name) => {
    if (name === "redisCpuMs") return 2 + nodes * 0.3 + nodes ** 2 * 0.01;
    return name === "redisOutBytes" ? 500 + nodes * 900 + nodes ** 2 * 300 : 0;
  });
  return { nodes, idle };
};

test("what Redis takes for itself is no beat, and a beat grows with the nodes that it tells of", () => {
  const found = reckonBeats([fleet(3), fleet(10), fleet(26)]);
  expect(found.redisBeatMs?.value).toBeCloseTo(0.3, 6);
  expect(found.redisBeatNodeMs?.value).toBeCloseTo(0.01, 6);
  expect(found.redisBeatNodeBytes?.value).toBeCloseTo(300, 6);
});

test("two sizes can't tell three costs apart", () => {
  expect(() => reckonBeats([fleet(3), fleet(10)])).toThrow("can't tell");
});
