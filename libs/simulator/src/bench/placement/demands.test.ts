import { createRing, placeBounded } from "@parley/ring";
import { describe, expect, test } from "vitest";
import { sparedMax } from "./demands.ts";
import { mostInASecond } from "./fleet-look.ts";

describe("the demands of the placement bench", () => {
  test("a strained server holds at the end what the demand allows, and hardly less", () => {
    const ring = createRing(["chat-1", "chat-2", "chat-3"].map((node) => ({ node, weight: 1 })));
    for (const strain of [2, 2.5, 4]) {
      const conditions = new Map([["chat-1", { eventLoopDelayMs: 50 + 100 * (strain - 1) }]]);
      const loads = new Map<string, number>();
      for (let user = 0; user < 900; user += 1) {
        const node = placeBounded(ring, `user:${user}`, loads, { conditions }) ?? "";
        loads.set(node, (loads.get(node) ?? 0) + 1);
      }
      const most = sparedMax(900, strain, 1 / 3);
      expect(loads.get("chat-1")).toBeLessThanOrEqual(Math.ceil(most));
      expect(loads.get("chat-1")).toBeGreaterThan(most - 5);
    }
  });

  test("the most in a second is looked for between any two looks, not from second to second", () => {
    const samples = [
      { at: 0, moved: 0 },
      { at: 900, moved: 1 },
      { at: 1_100, moved: 21 },
      { at: 1_900, moved: 40 },
      { at: 2_500, moved: 41 },
    ];
    expect(mostInASecond(samples)).toBe(39);
    expect(mostInASecond([])).toBe(0);
  });
});
