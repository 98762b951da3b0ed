import { describe, expect, test } from "vitest";
import { explain } from "./explain.ts";
import { hunt } from "./hunt.ts";
import { mutants } from "./mutants.ts";
import { unsteady } from "./prepare.ts";
import { readRegressions } from "./regression.ts";
import { planScenario, type Scenario } from "./scenario.ts";
import { shrink } from "./shrink.ts";
import { simulate } from "./simulate.ts";

/** `npm run simulate:deterministic -- --seed 401` goes on where these end. */
const firstSeed = 1;
const runs = 400;

/** The shortest history found, or nothing where the rules hold. */
async function findViolation(scenario: Scenario): Promise<string> {
  const { violations } = await simulate(scenario);
  const first = violations[0];
  if (first === undefined) return "";
  const smallest = (await shrink(scenario, first.rule)).scenario;
  return explain(smallest, await simulate(smallest));
}

test("the rules of the log hold under every fault, and all comes to rest once the faults have ended", async () => {
  for (let seed = firstSeed; seed < firstSeed + runs; seed++) expect(await findViolation(planScenario(seed))).toBe("");
});

test.each(readRegressions())("%s, which broke once, holds", async (_name, { scenario }) => {
  expect(await findViolation(scenario)).toBe("");
});

test("the same seed gives the same run", async () => {
  for (const seed of [3, 14, 159]) {
    const scenario = planScenario(seed);
    const once = explain(scenario, await simulate(scenario));
    const again = planScenario(seed);
    expect(explain(again, await simulate(again))).toBe(once);
  }
});

test("the runs meet what the rules are about", async () => {
  const met = new Map<string, number>();
  const meet = (what: string): void => void met.set(what, (met.get(what) ?? 0) + 1);
  const planned = Array.from({ length: 150 }, (_, index) => planScenario(index + 1));
  // Changes of the primary while its followers lag, which chance alone brings about rarely.
  for (const scenario of [...planned, ...planned.slice(0, 50).map(unsteady)]) {
    for (const { kind } of scenario.faults) meet(`fault: ${kind}`);
    const { history, stores } = await simulate(scenario);
    for (const { answer, operation } of history.attempts) {
      if (answer === undefined) meet("unanswered");
      else if (answer.ok) meet(answer.isDuplicate ? "duplicate" : "ack");
      else {
        meet(answer.code);
        if (answer.isUnknown) meet("unknown");
        if (operation.isRaw && answer.code === "conflict") meet("conflict about an id");
      }
    }
    for (const { channels } of history.sockets) {
      for (const written of channels.values()) for (const { kind } of written) meet(`socket: ${kind}`);
    }
    for (const _page of history.pages) meet("page");
    for (const store of stores.values()) {
      if (store.dropped > 0) meet("rolled back");
      for (const { body } of store.everything()) meet(`event: ${body.kind === "member" ? body.change : body.kind}`);
    }
  }
  const wanted = [
    ...["ack", "duplicate", "unanswered", "unknown", "conflict about an id", "rolled back", "page"],
    ...["not_member", "forbidden", "not_found", "conflict", "unavailable"],
    ...["from", "event", "gap", "end"].map((kind) => `socket: ${kind}`),
    ...["kill", "stall", "drain", "flap", "blind", "registry", "election", "store", "bus", "bus-away"].map(
      (kind) => `fault: ${kind}`,
    ),
    ...["gateway", "reconnect", "move", "away"].map((kind) => `fault: ${kind}`),
    ...["message", "edit", "delete", "reaction", "joined", "left", "removed", "role", "created", "noop"].map(
      (kind) => `event: ${kind}`,
    ),
  ];
  expect(wanted.filter((what) => (met.get(what) ?? 0) < 3)).toEqual([]);
});

test("a history that breaks a rule is shortened, and still breaks it", async () => {
  const mutant = mutants.find(({ rule }) => rule === "3");
  if (mutant === undefined) throw new Error("no mutant of rule 3");
  const { scenario, rule } = await hunt(mutant);
  if (scenario === undefined) throw new Error("not caught");
  const shortened = await shrink(scenario, rule, mutant.mutation, 300);
  expect(shortened.violation?.rule).toBe(rule);
  expect(shortened.scenario.wishes.length).toBeLessThan(scenario.wishes.length);
});

describe("mutants", () => {
  test("every rule of the log has one", () => {
    const rules = new Set(mutants.map(({ rule }) => rule));
    expect(Array.from({ length: 23 }, (_, index) => `${index + 1}`).filter((rule) => !rules.has(rule))).toEqual([]);
  });

  test.each(mutants.map((mutant) => [mutant.rule, mutant.name, mutant] as const))(
    "rule %s broken is found: %s",
    async (_rule, _name, mutant) => {
      const { runs: needed, others } = await hunt(mutant);
      expect(needed, `not caught; broken besides: ${others.join("; ")}`).toBeDefined();
    },
  );
});
