import type { Command } from "commander";
import { conclude, formatMiB, formatSpreads, formatTable } from "../clients/figures.ts";
import { type Overload, runOverload } from "./overload.ts";

interface Flags {
  readonly cluster: boolean;
  readonly users: string;
  readonly room: string;
  readonly generators: string;
  readonly step: string;
  readonly seconds: string;
  readonly sustainable?: string;
  readonly json: boolean;
}

export function addOverload(program: Command): void {
  program
    .command("overload")
    .description(
      "twice the rate that the system can sustain, for a minute: what it answers, holds in memory, and after",
    )
    .option("--cluster", "processes on Redis and a MongoDB-wire server; else the embedded default", false)
    .option("--users <n>", "people who send", "300")
    .option("--room <n>", "members of each room", "3")
    .option("--generators <n>", "processes that send", "1")
    .option("--step <s>", "how long each rate is tried", "10")
    .option("--seconds <s>", "how long the overload lasts", "60")
    .option("--sustainable <n>", "sends a second that hold; else they are searched for")
    .option("--json", "print one JSON object", false)
    .action(async (flags: Flags) => {
      const result = await runOverload({
        kind: flags.cluster ? "cluster" : "embedded",
        users: Number(flags.users),
        roomSize: Number(flags.room),
        gateways: 2,
        chatServers: 3,
        generators: Number(flags.generators),
        stepS: Number(flags.step),
        overloadS: Number(flags.seconds),
        ackBoundMs: 1_000,
        say: (line) => void process.stderr.write(`${line}\n`),
        ...(flags.sustainable === undefined ? {} : { sustainablePerS: Number(flags.sustainable) }),
      });
      conclude(result, format(result), flags.json);
    });
}

function format(result: Overload): string {
  const { kind, sustainablePerS, offeredPerS, sentPerS, ackedPerS, withheld, processes } = result;
  return [
    `${kind}: ${sustainablePerS}/s sustainable; ${offeredPerS}/s offered, ${Math.round(sentPerS)}/s sent, ${Math.round(ackedPerS)}/s acked, ${withheld} held back by the gateway's not reading`,
    formatSpreads([
      ["acks before, at half the sustainable rate", result.before],
      ["acks while overloaded", result.ackMs],
      ["refusals while overloaded", result.refusalMs],
    ]),
    formatTable(
      ["", "memory before", "at most", "may grow by", "heap before", "at most", "waiting at most"],
      processes.map(({ name, before, peak, boundBytes }) => [
        name,
        formatMiB(before.ownBytes),
        formatMiB(peak.ownBytes),
        formatMiB(boundBytes),
        formatMiB(before.heapBytes),
        formatMiB(peak.heapBytes),
        `${peak.waitingRequests} (${formatMiB(peak.waitingBytes)})`,
      ]),
    ),
  ].join("\n");
}
