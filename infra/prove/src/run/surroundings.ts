import type { Scene } from "@parley/simulator";
import type { EmbeddedSystem } from "../fleet/embedded.ts";
import type { Fleet } from "../fleet/fleet.ts";
import { recordBaselines, recordRest } from "./baseline.ts";
import { findLeftovers } from "./rest.ts";

/** What belongs around the load of a run, whatever the topology. */
export interface Surroundings {
  /** Before anybody comes. */
  before(scene: Scene): Promise<void>;
  /** Ends every fault that is left. */
  heal(): Promise<void>;
  /** When everyone has left; ends the system. Resolves to breaches of C10, a sentence each. */
  after(scene: Scene): Promise<readonly string[]>;
  /** How processes ended that were meant to. */
  endings(): readonly string[];
}

/** `readsRest`: what nodes hold is compared, which takes as long as their last timers run. */
export function surroundCluster(fleet: Fleet, readsRest: boolean): Surroundings {
  let before: Awaited<ReturnType<typeof recordBaselines>> = [];
  return {
    async before(scene) {
      if (readsRest) before = await recordBaselines(fleet, scene);
    },
    heal: () => fleet.heal(),
    async after(scene) {
      const leftovers = await findLeftovers(fleet, readsRest);
      if (readsRest) await recordRest(fleet, scene, before);
      await fleet.end();
      return [...leftovers, ...(await fleet.coroner.complaints())];
    },
    endings: () => fleet.coroner.exits.filter(({ isMeant }) => isMeant).map(({ node, how }) => `${node}: ${how}`),
  };
}

export function surroundEmbedded(system: EmbeddedSystem): Surroundings {
  return {
    before: async () => {},
    heal: () => system.heal(),
    async after() {
      await system.end();
      return system.complaints();
    },
    endings: () => system.endings,
  };
}
