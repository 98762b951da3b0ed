import type { Totals } from "../measure/look.ts";
import type { Findings } from "../names.ts";
import { findingOf, show } from "./finding.ts";
import { fitCosts } from "./fit.ts";

/** A fleet that nobody uses, and what it took a second. */
export interface Beating {
  readonly nodes: number;
  readonly idle: Totals;
}

/**
 * A node beats once a second, and each beat is answered with all nodes: n nodes take own + n × beat + n² × node a second,
 * where `own` is what Redis does for itself and presence asks. **Errors**: throws where there are not three sizes.
 */
export function reckonBeats(fleets: readonly Beating[]): Findings {
  const costsOf = (name: keyof Totals) => {
    const rows = fleets.map(({ nodes, idle }) => ({ of: { own: 1, beat: nodes, node: nodes ** 2 }, cost: idle[name] }));
    return fitCosts(["own", "beat", "node"], rows).costs;
  };
  const cpu = costsOf("redisCpuMs");
  const how = `Redis under fleets of ${fleets.map(({ nodes }) => nodes).join(", ")} nodes that nobody uses, fitted as own + n × beat + n² × node`;
  const seen = fleets
    .map(({ nodes, idle }) => `${nodes} nodes: ${show(idle.redisCpuMs)} ms/s, ${show(idle.redisOutBytes)} bytes/s out`)
    .join("; ");
  return {
    redisBeatNodeMs: findingOf([cpu.node], how, seen),
    redisBeatMs: findingOf([cpu.beat], how, seen),
    redisBeatNodeBytes: findingOf([costsOf("redisOutBytes").node], how, seen),
  };
}
