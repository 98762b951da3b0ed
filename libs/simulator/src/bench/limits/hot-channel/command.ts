import type { Command } from "commander";
import { conclude, formatMs, formatTable } from "../../clients/figures.ts";
import { type HotChannel, measureHotChannel } from "./hot-channel.ts";
import type { RateStep } from "./step.ts";

interface Flags {
  readonly members: string;
  readonly senders: string;
  readonly mongodb: boolean;
  readonly first: string;
  readonly factor: string;
  readonly halvings: string;
  readonly warm: string;
  readonly seconds: string;
  readonly bound: string;
  readonly json: boolean;
}

export function addHotChannel(program: Command): void {
  program
    .command("hot-channel")
    .description("one channel, a thousand members online over three chat servers: sends a second as far as they go")
    .option("--members <n>", "members, all online", "1000")
    .option("--senders <n>", "of them, who send", "200")
    .option("--mongodb", "a MongoDB-wire server as the store; else LMDB", false)
    .option("--first <n>", "sends a second to begin with", "25")
    .option("--factor <n>", "each rate is so many times the one before, until one does not hold", "2")
    .option("--halvings <n>", "how often the gap is halved then", "2")
    .option("--warm <s>", "before each window", "2")
    .option("--seconds <s>", "window of each rate", "6")
    .option("--bound <ms>", "p99 of acks that holds", "1000")
    .option("--json", "print one JSON object", false)
    .action(async (flags: Flags) => {
      const result = await measureHotChannel({
        members: Number(flags.members),
        senders: Number(flags.senders),
        store: flags.mongodb ? "mongodb" : "lmdb",
        search: {
          firstPerS: Number(flags.first),
          factor: Number(flags.factor),
          halvings: Number(flags.halvings),
          triesMax: 20,
        },
        warmS: Number(flags.warm),
        windowS: Number(flags.seconds),
        ackBoundMs: Number(flags.bound),
        say: (line) => void process.stderr.write(`${line}\n`),
      });
      conclude(result, format(result), flags.json);
    });
}

function format(result: HotChannel): string {
  const { members, senders, store, steps, highest, boundAtHighest, boundBeyond } = result;
  const head = ["sends/s", "acked/s", "deliveries/s", "ack p50", "ack p99", "end to end p50", "p99", ""];
  const names = steps[0]?.loads.map(({ name }) => name) ?? [];
  return [
    `${members} members of one channel on 2 gateways and 3 chat servers (${store}), ${senders} of them send`,
    formatTable(head, steps.map(rowOf)),
    "CPU, of one core:",
    formatTable(
      ["sends/s", ...names, "generator", "the machine"],
      steps.map(({ perS, loads, generator, machine }) => {
        const all = [...loads.map(({ cores }) => cores), generator.cores, machine.busyCores];
        return [String(perS), ...all.map((cores) => cores.toFixed(2))];
      }),
    ),
    highest === undefined
      ? "no rate held"
      : `highest that held: ${highest.perS} sends/s, ${Math.round(highest.deliveriesPerS).toLocaleString("en-US")} deliveries/s`,
    `busy there: ${boundAtHighest}`,
    `busy beyond: ${boundBeyond}`,
  ].join("\n");
}

function rowOf(step: RateStep): readonly string[] {
  const { perS, ackedPerS, deliveriesPerS, ackMs, endToEndMs, why } = step;
  return [
    String(perS),
    ackedPerS.toFixed(0),
    Math.round(deliveriesPerS).toLocaleString("en-US"),
    ...[ackMs.p50, ackMs.p99, endToEndMs.p50, endToEndMs.p99].map(formatMs),
    why ?? "holds",
  ];
}
