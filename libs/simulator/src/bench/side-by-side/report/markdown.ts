import { inFlightOf, type Mode, type Plan } from "../plan.ts";
import type { Machine, SideBySide } from "../result.ts";
import type { Line } from "../targets/judge.ts";
import { legend } from "./names.ts";
import { sheetToMarkdown } from "./sheet.ts";
import { allSheets } from "./text.ts";

/** A picture as the documents show it: its place relative to them, and what it shows. */
export interface Picture {
  readonly path: string;
  readonly title: string;
}

/** The section of docs/benchmarks.md that a run writes. `data` is the place of the result, relative to it. */
export function formatMarkdown(
  result: SideBySide,
  lines: readonly Line[],
  pictures: readonly Picture[],
  data: string,
): string {
  const [targets, ...sheets] = allSheets(result, lines).map(sheetToMarkdown);
  return [
    "## Side by side with Socket.IO and the glue",
    aboutRun(result, data),
    aboutMethod(result),
    legend(result.plan.systems)
      .map((line) => `- ${line}`)
      .join("\n"),
    targets,
    ...pictures.map(({ path, title }) => `![${title}](${path})`),
    ...sheets,
  ].join("\n\n");
}

function aboutRun({ date, command, machine, plan, failures }: SideBySide, data: string): string {
  const failed = failures.length === 0 ? "nothing failed" : `${failures.length} failed, see the end`;
  return `\`${command}\`, ${date.slice(0, 10)}: ${plan.repeats} repeats, ${failed}. ${formatMachine(machine)}; generator, servers, Redis and store share it. Every window of every repeat: [${data}](${data}).`;
}

function formatMachine({ cpu, cores, memoryBytes, kernel, node, redis }: Machine): string {
  const memory = `${Math.round(memoryBytes / 2 ** 30)} GiB`;
  return `${cores} cores (${cpu}), ${memory}, Linux ${kernel}, Node ${node}, Redis ${redis}`;
}

function aboutMethod({ plan, calibration }: SideBySide): string {
  const underWay = plan.roomSizes.map((size) => `${inFlightOf.get(size)} in rooms of ${size.toLocaleString("en-US")}`);
  const same = calibration.map(
    ({ roomSize, sendsPerS }) =>
      `${Math.round(sendsPerS / 2).toLocaleString("en-US")} in rooms of ${roomSize.toLocaleString("en-US")}`,
  );
  const about: Readonly<Record<Mode, string>> = {
    saturated: `Saturated: a closed loop, messages under way: ${underWay.join(", ")}.`,
    half: "Half of its own saturation: an open loop at half of what this very system saturated at just before.",
    same: `Half of Socket.IO's saturation: an open loop at one rate for all, half of what Socket.IO reached before the first repeat (median of three windows); sends/s: ${same.join(", ")}.`,
  };
  const sentences = [
    `Each system is started anew in turn, two servers each (embedded: one), every second repeat backwards; ${plan.members.toLocaleString("en-US")} members over bare \`ws\`, neighbours on different servers, each in one room of each size; ${plan.warmS} s of warm-up (${plan.firstWarmS} s after a start), windows of ${plan.windowS} s.`,
    ...plan.modes.map((mode) => about[mode]),
    cpuNote(plan),
  ];
  return sentences.join(" ");
}

/** The kernel tells user and system time apart, and each in hundredths. */
function cpuNote({ windowS }: Plan): string {
  return `CPU is read in hundredths of a second from the kernel, so that what takes less than ${((0.02 / windowS) * 1_000).toFixed(0)} ms a second is hardly told from nothing. What LMDB's commits use in threads of their own is shown as the store's, as a store's server is; its reads and writes on the main thread are the server's.`;
}
