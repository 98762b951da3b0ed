import { all, create, type MathNode } from "mathjs/number";
import { formatNumber } from "../report/numbers.ts";

export type Scope = Readonly<Record<string, number>>;

/** One line of arithmetic that can be reckoned and shown. The text that is shown is the text that is reckoned. */
export interface Formula {
  readonly symbols: ReadonlySet<string>;
  /** **Errors**: throws where a symbol has no value, or the result is no finite number. */
  reckon(scope: Scope): number;
  /** With names. */
  readonly text: string;
  /** With the numbers put in; the same as {@link text} where there are only names of functions. */
  withNumbers(scope: Scope): string;
}

/**
 * What formulas may call beside `ceil`, `max` and `min`. `spread(n, k)`: how many of n places get at least one of k things
 * that are thrown at random, n × (1 − (1 − 1/n)^k): servers that a channel's members are on, links that a message takes.
 */
const functions = {
  spread: (places: number, things: number): number => places * (1 - (1 - 1 / places) ** things),
};

// Its types say that the list may be missing; without it the first formula would fail at load.
const math = create(all ?? {});
math.import(functions);

const builtIn = new Set(["ceil", "max", "min", ...Object.keys(functions)]);

/** **Errors**: throws for a text that is no formula. */
export function compileFormula(source: string): Formula {
  const node = math.parse(source);
  const compiled = node.compile();
  const symbols = new Set<string>();
  node.traverse((part) => {
    if (isSymbol(part) && !builtIn.has(part.name)) symbols.add(part.name);
  });
  const show = (of: (part: MathNode) => string | undefined): string => {
    return node.toString({ handler: of }).replaceAll(" * ", " × ");
  };
  const constant = (part: MathNode): string | undefined => {
    return "value" in part && typeof part.value === "number" ? formatNumber(part.value) : undefined;
  };
  return {
    symbols,
    reckon(scope) {
      const value: unknown = compiled.evaluate(scope);
      if (typeof value !== "number" || !Number.isFinite(value)) throw new Error(`${source} came to ${String(value)}`);
      return value;
    },
    text: show(constant),
    withNumbers(scope) {
      return show((part) => {
        const value = isSymbol(part) ? scope[part.name] : undefined;
        return value === undefined ? constant(part) : formatNumber(value);
      });
    },
  };
}

function isSymbol(part: MathNode): part is MathNode & { readonly name: string } {
  return part.type === "SymbolNode" && "name" in part && typeof part.name === "string";
}
