import { coefficientUnits } from "@parley/simulator/coefficients";
import type { Assumptions } from "../assumptions.ts";
import { assumptionTable } from "../assumptions.ts";
import { type Coefficients, valuesOf } from "../coefficients.ts";
import { compileFormula, type Formula, type Scope } from "./formula.ts";
import { type LimitDefinition, limitDefinitions } from "./limits.ts";
import { fleetNames, type QuantityDefinition, quantityGroups } from "./quantities.ts";

export interface Quantity {
  readonly name: string;
  readonly title: string;
  readonly group: string;
  readonly unit: string;
  /** Its row in the table that compares sizes. */
  readonly row?: string;
  readonly value: number;
  readonly formula: string;
  readonly withNumbers: string;
}

export interface Limit {
  readonly name: string;
  readonly title: string;
  /** Share of all there are in this fleet; above 1: it breaks. */
  readonly use: number;
  readonly count: number;
  /** Whether a larger fleet has more of it. */
  readonly isAdded: boolean;
  /** It does not break: it is left behind. */
  readonly isBeginning: boolean;
  readonly formula: string;
  readonly withNumbers: string;
  readonly answer: string;
}

export interface Capacity {
  readonly dau: number;
  readonly quantities: readonly Quantity[];
  readonly limits: readonly Limit[];
}

interface Compiled<T> {
  readonly definition: T;
  readonly formula: Formula;
}

const quantities: readonly (Compiled<QuantityDefinition> & { readonly group: string })[] = quantityGroups.flatMap(
  ({ title, quantities: definitions }) =>
    definitions.map((definition) => ({ definition, group: title, formula: compileFormula(definition.formula) })),
);
const limits: readonly Compiled<LimitDefinition>[] = limitDefinitions.map((definition) => {
  return { definition, formula: compileFormula(definition.use) };
});

/** The sizes of a fleet come to rest in a handful of turns; more would mean that they never do. */
const turnsMax = 1_000;
const dauMax = assumptionTable.fields.dau.max;

/** Sizes the smallest fleet for these assumptions. **Errors**: throws where a formula has no finite result. */
export function reckonCapacity(assumptions: Assumptions, coefficients: Coefficients): Capacity {
  const scope = settle(assumptions, coefficients);
  return {
    dau: assumptions.dau,
    quantities: quantities.map(({ definition: { name, title, unit, row }, group, formula }) => ({
      name,
      title,
      group,
      unit,
      ...(row === undefined ? {} : { row }),
      value: scope[name] ?? Number.NaN,
      formula: formula.text,
      withNumbers: formula.withNumbers(scope),
    })),
    limits: limits.map(({ definition: { name, title, count, isBeginning = false, answer }, formula }) => {
      const many = count === undefined ? 1 : (scope[count] ?? Number.NaN);
      return {
        name,
        title,
        use: formula.reckon(scope) / many,
        count: many,
        isAdded: count !== undefined,
        isBeginning,
        formula: formula.text,
        withNumbers: formula.withNumbers(scope),
        answer,
      };
    }),
  };
}

/**
 * Everything reckoned for a fleet that needs exactly itself: from the smallest fleet on, each turn is reckoned for the
 * fleet that the last one asked for. A larger fleet never needs less, so this ends at the smallest that fits.
 */
function settle(assumptions: Assumptions, coefficients: Coefficients): Scope {
  const { json: _, write: __, ...given } = assumptions;
  let fleet: Scope = { gateways: 1, chatServers: 1 };
  for (let turn = 0; turn < turnsMax; turn += 1) {
    const wanted: Record<string, number> = {};
    const scope: Record<string, number> = { ...given, ...valuesOf(coefficients), ...fleet };
    for (const { definition, formula } of quantities) {
      const value = formula.reckon(scope);
      if (isFleet(definition.name)) wanted[definition.name] = value;
      else scope[definition.name] = value;
    }
    if (fleetNames.every((name) => wanted[name] === fleet[name])) return scope;
    fleet = wanted;
  }
  throw new Error(`the sizes of the fleet have not come to rest in ${turnsMax} turns`);
}

/** Users a day at which one of each limit's things is used up, all else being equal; without those that never are. */
export function findWalls(assumptions: Assumptions, coefficients: Coefficients): ReadonlyMap<string, number> {
  const scopes = new Map<number, Scope>();
  const scopeAt = (dau: number): Scope => {
    const found = scopes.get(dau) ?? settle({ ...assumptions, dau }, coefficients);
    scopes.set(dau, found);
    return found;
  };
  const walls = new Map<string, number>();
  for (const { definition, formula } of limits) {
    const wall = findWall((dau) => formula.reckon(scopeAt(dau)) >= 1);
    if (wall !== undefined) walls.set(definition.name, wall);
  }
  return walls;
}

/** Coarse steps, then halving between the last two. **Precision**: a hundredth. */
function findWall(isUsedUp: (dau: number) => boolean): number | undefined {
  let low = 1;
  let high = 1;
  while (!isUsedUp(high)) {
    low = high;
    high *= 4;
    if (high > dauMax) return undefined;
  }
  while (high - low > Math.max(1, low / 100)) {
    const middle = Math.round(Math.sqrt(low * high));
    if (isUsedUp(middle)) high = middle;
    else low = middle;
  }
  return high;
}

function isFleet(name: string): boolean {
  return fleetNames.some((one) => one === name);
}

/** Each symbol is an assumption, a coefficient, a size of the fleet or reckoned before. Once, when this is loaded. */
function checkSymbols(): ReadonlySet<string> {
  const used = new Set<string>();
  const known = new Set<string>([
    ...Object.entries(assumptionTable.fields).flatMap(([name, { type }]) => (type === "boolean" ? [] : [name])),
    ...Object.keys(coefficientUnits),
    ...fleetNames,
  ]);
  const check = (name: string, formula: Formula): void => {
    for (const symbol of formula.symbols) {
      if (!known.has(symbol)) throw new Error(`${name} rests on ${symbol}, which is not known`);
      used.add(symbol);
    }
  };
  for (const { definition, formula } of quantities) {
    check(definition.name, formula);
    known.add(definition.name);
  }
  for (const { definition, formula } of limits) {
    check(definition.name, formula);
    if (definition.count !== undefined && !known.has(definition.count))
      throw new Error(`there is no ${definition.count}`);
  }
  return used;
}

/** Every assumption, coefficient and quantity that some formula rests on. */
export const usedSymbols: ReadonlySet<string> = checkSymbols();
