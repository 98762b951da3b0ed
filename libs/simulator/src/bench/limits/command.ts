import type { Command } from "commander";
import { addBusCut } from "./bus-cut/command.ts";
import { addConnects } from "./connects/command.ts";
import { addHotChannel } from "./hot-channel/command.ts";
import { addSoak } from "./soak/command.ts";

/** How far it goes beyond the ratios of the side-by-side benchmark, and what a cut of the bus costs. */
export function addLimits(program: Command): void {
  addHotChannel(program);
  addConnects(program);
  addSoak(program);
  addBusCut(program);
}
