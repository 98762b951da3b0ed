import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "commander";
import { conclude, formatMiB, formatMs, formatTable } from "../../clients/figures.ts";
import { inFlightOf } from "../../side-by-side/plan.ts";
import { renderSvg } from "../../side-by-side/report/svg.ts";
import { layouts } from "../layouts.ts";
import { memoryFigure } from "./figure.ts";
import { formatHourly, type ProcessLine } from "./judge.ts";
import { type Soak, soak } from "./soak.ts";

interface Flags {
  readonly minutes: string;
  readonly system: string;
  readonly members: string;
  readonly room: string;
  readonly rate?: string;
  readonly inFlight?: string;
  readonly phase: string;
  readonly sample: string;
  readonly collect: string;
  readonly write?: string;
  readonly json: boolean;
}

const inFlightElse = 250;

export function addSoak(program: Command): void {
  program
    .command("soak")
    .description("a system at half of its saturation for twenty minutes: its memory must be a flat line")
    .option("--minutes <n>", "how long", "20")
    .option("--system <name>", `one of ${layouts.map(({ name }) => name).join(", ")}`, "parley-split")
    .option("--members <n>", "connected", "1000")
    .option("--room <n>", "members of each room", "10")
    .option("--rate <n>", "sends a second; else half of what it saturates at")
    .option("--in-flight <n>", "messages under way at once while it is saturated")
    .option("--phase <s>", "each is settled and checked", "30")
    .option("--sample <s>", "how often memory is looked at", "10")
    .option("--collect <n>", "phases until each process collects its garbage; 0: never", "1")
    .option("--write <folder>", "writes soak.svg and soak.json there (docs/figures)")
    .option("--json", "print one JSON object", false)
    .action(async (flags: Flags) => {
      const layout = layouts.find(({ name }) => name === flags.system);
      if (layout === undefined) throw new Error(`there is no system ${flags.system}`);
      const roomSize = Number(flags.room);
      const result = await soak({
        layout,
        minutes: Number(flags.minutes),
        members: Number(flags.members),
        roomSize,
        perS: flags.rate === undefined ? undefined : Number(flags.rate),
        inFlight: Number(flags.inFlight ?? inFlightOf.get(roomSize) ?? inFlightElse),
        phaseS: Number(flags.phase),
        sampleEveryS: Number(flags.sample),
        phasesACollection: Number(flags.collect),
        say: (line) => void process.stderr.write(`${line}\n`),
      });
      if (flags.write !== undefined) await write(flags.write, result);
      conclude(result, format(result), flags.json);
    });
}

async function write(folder: string, result: Soak): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "soak.svg"), `${await renderSvg(memoryFigure(result))}\n`);
  await writeFile(join(folder, "soak.json"), formatJson(result));
}

/** A line a phase and a sample, so that a new run is a readable difference. */
function formatJson({ phases, processes, ...facts }: Soak): string {
  const lines = (list: readonly object[], indent: string): string =>
    list.map((one) => `\n${indent}${JSON.stringify(one)}`).join(",");
  const seen = processes.map(({ name, isOurs, samples, collected }) => {
    const rows = { samples: lines(samples, "      "), collected: lines(collected, "      ") };
    const parts = Object.entries(rows).map(([part, text]) => `"${part}":[${text}]`);
    return `\n    {"name":${JSON.stringify(name)},"isOurs":${isOurs},${parts.join(",")}}`;
  });
  const head = JSON.stringify(facts, undefined, 2).slice(0, -2);
  return `${head},\n  "phases": [${lines(phases, "    ")}],\n  "processes": [${seen.join(",")}]\n}\n`;
}

function format(result: Soak): string {
  const { title, minutes, perS, saturatedPerS, roomSize, phases, processes, growth } = result;
  const half = saturatedPerS === undefined ? "given" : `half of its ${Math.round(saturatedPerS)}`;
  const worst = (of: (phase: (typeof phases)[number]) => number): number => Math.max(0, ...phases.map(of));
  const rows = processes.map((line): readonly string[] => {
    const own = growth.find(({ name }) => name === line.name);
    return [
      line.name,
      ...[of(line, ({ residentBytes }) => residentBytes), of(line, ({ ownBytes }) => ownBytes)].map(range),
      range(of(line, ({ heapUsedBytes }) => heapUsedBytes)),
      own === undefined ? "" : formatHourly(own.own),
      own === undefined ? "" : `${formatMiB(own.heap.mean)}, ${formatHourly(own.heap)}`,
      [first, last].map((pick) => pick(of(line, ({ openFiles }) => openFiles)) ?? "").join(" → "),
      [first, last].map((pick) => pick(of(line, ({ handles }) => handles)) ?? "").join(" → "),
      most(of(line, ({ loopDelayMs }) => loopDelayMs)),
    ];
  });
  return [
    `${title}: ${minutes} minutes at ${perS} sends a second (${half}) in rooms of ${roomSize}`,
    formatTable(
      [
        "",
        "RSS",
        "RssAnon",
        "used heap",
        "RssAnon an hour",
        "collected heap, an hour",
        "fds",
        "handles",
        "loop p99, most",
      ],
      rows,
    ),
    `ack p99 ${formatMs(phases[0]?.ackMs.p99 ?? 0)} in the first phase, ${formatMs(phases.at(-1)?.ackMs.p99 ?? 0)} in the last, ${formatMs(worst(({ ackMs }) => ackMs.p99))} at most; end to end ${formatMs(worst(({ endToEndMs }) => endToEndMs.p99))} at most`,
    `generator at most ${worst(({ generatorCores }) => generatorCores).toFixed(2)} of a core`,
  ].join("\n");
}

function of({ samples }: ProcessLine, read: (sample: ProcessLine["samples"][number]) => number | undefined) {
  return samples.flatMap((sample) => read(sample) ?? []);
}

function range(bytes: readonly number[]): string {
  return bytes.length === 0 ? "" : `${formatMiB(Math.min(...bytes))} to ${formatMiB(Math.max(...bytes))}`;
}

function most(ms: readonly number[]): string {
  return ms.length === 0 ? "" : formatMs(Math.max(...ms));
}

function first(values: readonly number[]): number | undefined {
  return values[0];
}

function last(values: readonly number[]): number | undefined {
  return values.at(-1);
}
