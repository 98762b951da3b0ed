import { runAppendBench, runHistoryBench } from "@parley/store/bench";
import Table from "cli-table3";
import { Command } from "commander";
import { addCoefficients } from "./coefficients/command.ts";
import { addGate } from "./gate/command.ts";
import { addGrowth } from "./growth/command.ts";
import { type IdleCost, measureIdleCost } from "./idle-cost.ts";
import { addAllDie, addKill9 } from "./kill9/command.ts";
import { addLimits } from "./limits/command.ts";
import { addOverload } from "./overload/command.ts";
import { addPlacement } from "./placement/command.ts";
import { addProfile } from "./profile/command.ts";
import { addRecovery } from "./recovery/command.ts";
import { addRedisGone } from "./redis-gone/command.ts";
import { addSideBySide } from "./side-by-side/command.ts";

interface IdleFlags {
  readonly sessions: string;
  readonly messages: string;
  readonly gateways: string;
  readonly chatServers: string;
  readonly json: boolean;
}

const program = new Command("npm run bench --").description(
  "Benchmarks of the whole system; each prints a table, or JSON with --json.",
);

program
  .command("idle-cost")
  .description("memory of an idle session, and what a send to ten people costs while thousands are idle")
  .option("--sessions <n>", "idle sessions", "10000")
  .option("--messages <n>", "sends of each measurement", "4000")
  .option("--gateways <n>", "gateway processes", "2")
  .option("--chat-servers <n>", "chat server processes", "3")
  .option("--json", "print one JSON object", false)
  .action(async (flags: IdleFlags) => {
    const cost = await measureIdleCost({
      sessions: Number(flags.sessions),
      messages: Number(flags.messages),
      gateways: Number(flags.gateways),
      chatServers: Number(flags.chatServers),
      say: (line) => void process.stderr.write(`${line}\n`),
    });
    process.stdout.write(`${flags.json ? JSON.stringify(cost) : formatIdleCost(cost)}\n`);
  });

program
  .command("history")
  .description("pages of history by seq in a channel of 1,000 events and in a long one, on both stores")
  .option("--events <n>", "length of the long channel", "500000")
  .action(async ({ events }: { readonly events: string }) => void (await runHistoryBench({ events: Number(events) })));

program
  .command("appends")
  .description("durable appends by size of the run, on both stores")
  .action(async () => void (await runAppendBench()));

addSideBySide(program);
addRecovery(program);
addRedisGone(program);
addKill9(program);
addAllDie(program);
addOverload(program);
addPlacement(program);
addLimits(program);
addProfile(program);
addGrowth(program);
addGate(program);
addCoefficients(program);

function formatIdleCost({ few, many, gatewayBytesPerSession, chatServerBytesPerSession, sendRatio }: IdleCost): string {
  const kib = (bytes: number): string => `${(bytes / 1_024).toFixed(2)} KiB`;
  const table = new Table({
    head: ["", `${few.sessions} idle`, `${many.sessions} idle`],
    style: { head: [], border: [] },
  });
  const row = (name: string, of: (measure: typeof few) => string): void => void table.push([name, of(few), of(many)]);
  row("gateways, resident", ({ residentMiB }) => `${residentMiB["gateway"]?.toFixed(1)} MiB`);
  row("chat servers, resident", ({ residentMiB }) => `${residentMiB["chat-server"]?.toFixed(1)} MiB`);
  row("gateways, garbage collected", ({ collectedMiB }) => `${collectedMiB["gateway"]?.toFixed(1)} MiB`);
  row("chat servers, garbage collected", ({ collectedMiB }) => `${collectedMiB["chat-server"]?.toFixed(1)} MiB`);
  row("CPU while idle", ({ idleCpuMsPerS }) => `${idleCpuMsPerS.toFixed(1)} ms/s`);
  row("CPU a send to ten, gateways", ({ perRole }) => `${perRole["gateway"]?.toFixed(3)} ms`);
  row("CPU a send to ten, chat servers", ({ perRole }) => `${perRole["chat-server"]?.toFixed(3)} ms`);
  row("CPU a send to ten, without idling", ({ sendCpuMsNet }) => `${sendCpuMsNet.toFixed(3)} ms`);
  return [
    table.toString(),
    `a session: gateway ${kib(gatewayBytesPerSession)} (≤ 10), chat server ${kib(chatServerBytesPerSession)} (≤ 5)`,
    `a send: × ${sendRatio.toFixed(2)} (0.8 to 1.2)`,
  ].join("\n");
}

await program.parseAsync();
