import { describe, expect, test } from "vitest";
import { createRandom } from "../random.ts";
import { type RequestChoice, type RequestFault, Rule } from "./mongo-rules.ts";

const cut: RequestFault = { kind: "cutBeforeRequest" };
const slow: RequestFault = { kind: "slow", ms: 1 };

function taken(fault: RequestFault, choice: RequestChoice, commands: readonly (string | undefined)[]): number[] {
  const rule = new Rule(1, fault, choice, createRandom(1));
  return commands.flatMap((command, index) => (rule.takes(command) ? [index] : []));
}

describe("a rule for requests", () => {
  const inserts = ["insert", "insert", "insert", "insert"];

  test("never hits greetings, the driver's watching, or what has no command, and does not count them", () => {
    const spoken = ["hello", "isMaster", "ismaster", "ping", "buildInfo", "saslStart", "endSessions", undefined];
    expect(taken(slow, {}, [...spoken, "insert"])).toEqual([spoken.length]);
    expect(taken(cut, { nth: 2 }, ["insert", ...spoken, "insert"])).toEqual([spoken.length + 1]);
  });

  test("hits its command only, once, from the nth on, so many times", () => {
    expect(taken(cut, { command: "insert" }, ["find", "insert", "update", "insert"])).toEqual([1]);
    expect(taken(cut, { command: "insert", nth: 2 }, ["insert", "find", "insert", "insert"])).toEqual([2]);
    expect(taken(cut, { nth: 2, times: 2 }, inserts)).toEqual([1, 2]);
    expect(taken(slow, {}, inserts)).toEqual([0, 1, 2, 3]);
    expect(taken(slow, { times: 2 }, inserts)).toEqual([0, 1]);
  });

  test("ends after its time, and when it is cancelled", () => {
    expect(taken(cut, { forMs: 60_000 }, inserts)).toEqual([0, 1, 2, 3]);
    expect(taken(cut, { forMs: -1 }, inserts)).toEqual([]);
    const rule = new Rule(1, slow, {}, createRandom(1));
    expect(rule.takes("insert")).toBe(true);
    rule.cancel();
    expect([rule.takes("insert"), rule.isOver]).toEqual([false, true]);
  });
});
