import type { PhaseFigures } from "../side-by-side/generator/messages.ts";
import type { MeasuredProcess } from "../side-by-side/systems.ts";

/** What one process used over a window. */
export interface ProcessLoad {
  /** "gateway 2"; the role alone where there is one of it. */
  readonly name: string;
  /** CPU, of one core. */
  readonly cores: number;
}

/** Of one core; above it the generator is what is measured. */
export const generatorBusyMax = 0.85;
/** Of one core: a process that does its work in one thread has no more to give. */
const fullCores = 0.9;
/** Of all cores: the scheduler's turns take the rest. */
const fullShare = 0.9;
/** What the kernel and the commands themselves do by the way, of one core. */
const elsewhereMax = 0.2;

/** A name each, in the same order. */
export function namesOf(processes: readonly Pick<MeasuredProcess, "role">[]): readonly string[] {
  const counts = new Map<string, number>();
  return processes.map(({ role }) => {
    const count = (counts.get(role) ?? 0) + 1;
    counts.set(role, count);
    const isAlone = processes.filter((other) => other.role === role).length === 1;
    return isAlone ? role : `${role} ${count}`;
  });
}

export function loadsOf(
  processes: readonly MeasuredProcess[],
  figures: Pick<PhaseFigures, "processes" | "seconds">,
): readonly ProcessLoad[] {
  return namesOf(processes).map((name, index) => {
    return { name, cores: (figures.processes[index]?.cpuS ?? 0) / figures.seconds };
  });
}

export interface GeneratorLoad {
  /** CPU, of one core. */
  readonly cores: number;
  /** It could not send as it was told: on shared cores its thread may have no more to give below a whole one. */
  readonly isBehind: boolean;
}

export interface MachineLoad {
  readonly cores: number;
  /** Whoever had them. */
  readonly busyCores: number;
}

/** What had nothing left to give: the generator, single processes, or the machine; or that nothing of it was full. */
export function boundBy(loads: readonly ProcessLoad[], generator: GeneratorLoad, machine: MachineLoad): string {
  const own = loads.reduce((sum, { cores }) => sum + cores, generator.cores);
  const bounds = loads.filter(({ cores }) => cores >= fullCores).map(({ name, cores }) => `${name} (${share(cores)})`);
  if (generator.isBehind || generator.cores > generatorBusyMax) {
    bounds.unshift(`the generator (${share(generator.cores)}), so that the figure is its own`);
  }
  const isMachineFull = machine.busyCores >= machine.cores * fullShare;
  const used = `${machine.busyCores.toFixed(2)} of ${machine.cores} cores are busy`;
  if (isMachineFull) bounds.push(`the machine: ${used}`);
  const elsewhere = machine.busyCores - own;
  if (elsewhere > elsewhereMax) bounds.push(`other work took ${share(elsewhere)}`);
  return bounds.length > 0 ? bounds.join(", ") : `nothing was full: ${used}`;
}

function share(cores: number): string {
  return `${cores.toFixed(2)} of a core`;
}
