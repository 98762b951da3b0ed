import type { Command } from "commander";
import { conclude, formatSpreads } from "../clients/figures.ts";
import { type DeathKind, measureRecovery, type Recovery } from "./recovery.ts";

interface Flags {
  readonly users: string;
  readonly gateways: string;
  readonly chatServers: string;
  readonly room: string;
  readonly warmUp: string;
  readonly stop: boolean;
  readonly bound?: string;
  readonly json: boolean;
}

/** A stopped process is noticed by silence: three seconds on the link, and its lease is as long. */
const boundMs = { kill: 5_000, stop: 9_000 } as const;

export function addRecovery(program: Command): void {
  program
    .command("recovery")
    .description("a chat server is killed under some 2,000 users: how soon each of them has an ack again")
    .option("--users <n>", "connected users in all", "6000")
    .option("--gateways <n>", "gateway processes", "2")
    .option("--chat-servers <n>", "chat server processes", "3")
    .option("--room <n>", "members of each room", "20")
    .option("--warm-up <n>", "messages sent before anything happens", "3000")
    .option("--stop", "SIGSTOP instead of SIGKILL: no link is closed, only silence tells", false)
    .option("--bound <ms>", "the first ack of everyone must come within")
    .option("--json", "print one JSON object", false)
    .action(async (flags: Flags) => {
      const death: DeathKind = flags.stop ? "stop" : "kill";
      const result = await measureRecovery({
        users: Number(flags.users),
        gateways: Number(flags.gateways),
        chatServers: Number(flags.chatServers),
        roomSize: Number(flags.room),
        death,
        warmUp: Number(flags.warmUp),
        boundMs: flags.bound === undefined ? boundMs[death] : Number(flags.bound),
        say: (line) => void process.stderr.write(`${line}\n`),
      });
      conclude(result, format(result), flags.json);
    });
}

function format(result: Recovery): string {
  const { users, usersOnVictim, attemptsMax, refusals, cpuS } = result;
  return [
    `${users} users, ${usersOnVictim} of them on the chat server that died (${result.death === "kill" ? "SIGKILL" : "SIGSTOP"})`,
    formatSpreads([
      ["ack just before, all at once", result.before],
      ["detection: link fall in a gateway's log", result.detection],
      ["re-placement and attach: a probe is answered", result.replacement],
      ["take-over and append: from there to the ack", result.takeOver],
      ["first ack after the death", result.firstAck],
    ]),
    `attempts at most ${attemptsMax}; refusals on the way: ${JSON.stringify(refusals)}`,
    `CPU until everyone had an ack: ${Object.entries(cpuS)
      .map(([role, seconds]) => `${role} ${seconds.toFixed(1)} s`)
      .join(", ")}`,
  ].join("\n");
}
