import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";

/** A seeded source of chance. The same seed gives the same draws; `fork` gives a source that draws by itself. */
export interface Random {
  /** A whole number from `low` to `high`, both included. */
  integer(low: number, high: number): number;
  /** From 0 up to, not including, 1. */
  fraction(): number;
  chance(probability: number): boolean;
  /** **Errors**: throws on an empty list. */
  pick<T>(list: readonly T[]): T;
  /** So many different ones, in random order; all of them where there are fewer. */
  sample<T>(list: readonly T[], count: number): T[];
  /** Log-normal with this median; sigma is the spread of the logarithm. */
  logNormal(median: number, sigma: number): number;
  /** Waiting time of a Poisson process with this mean. */
  exponential(mean: number): number;
  fork(): Random;
}

export function createRandom(seed: number): Random {
  const generator = xoroshiro128plus(seed | 0);
  const fraction = (): number => uniformFloat64(generator);
  const integer = (low: number, high: number): number => uniformInt(generator, low, high);
  return {
    integer,
    fraction,
    chance: (probability) => fraction() < probability,
    pick(list) {
      const picked = list[integer(0, list.length - 1)];
      if (picked === undefined) throw new Error("cannot pick from an empty list");
      return picked;
    },
    sample(list, count) {
      const rest = [...list];
      const taken = [];
      while (taken.length < count && rest.length > 0) taken.push(...rest.splice(integer(0, rest.length - 1), 1));
      return taken;
    },
    logNormal(median, sigma) {
      // Box and Muller 1958: two uniform draws make one normal draw.
      const normal = Math.sqrt(-2 * Math.log(1 - fraction())) * Math.cos(2 * Math.PI * fraction());
      return median * Math.exp(sigma * normal);
    },
    exponential: (mean) => -mean * Math.log(1 - fraction()),
    fork: () => createRandom(integer(-0x7fffffff, 0x7fffffff)),
  };
}
