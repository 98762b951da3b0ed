import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Scenario } from "./scenario.ts";

/** A run that broke a rule once, as data: it stays what it was when the planning of scenarios changes. */
export interface Regression {
  readonly rule: string;
  /** What was wrong, in words. */
  readonly what: string;
  readonly scenario: Scenario;
}

const folder = fileURLToPath(new URL("regressions", import.meta.url));

/** Writes it to `regressions/<rule>-<seed>.json` and returns that path. **Repeat**: the newer one stays. */
export function keepRegression({ rule, what, scenario }: Regression): string {
  const path = join(folder, `${rule}-${scenario.seed}.json`);
  mkdirSync(folder, { recursive: true });
  const plain = { ...scenario, initial: [...scenario.initial] };
  writeFileSync(path, `${JSON.stringify({ rule, what, scenario: plain }, null, 1)}\n`);
  return path;
}

/** All that are kept, by name. */
export function readRegressions(): readonly (readonly [string, Regression])[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".json"))
    .sort()
    .map((name) => {
      const { rule, what, scenario }: Regression = JSON.parse(readFileSync(join(folder, name), "utf8"));
      return [name, { rule, what, scenario: { ...scenario, initial: new Map(scenario.initial) } }] as const;
    });
}
