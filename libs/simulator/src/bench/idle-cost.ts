import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { openWire, type Wire } from "../run/wire.ts";
import { cpuSeconds, residentBytes } from "../target/process-facts.ts";
import { type System, startSystem } from "../target/system.ts";
import { createTokens } from "../target/tokens.ts";
import { collectGarbage } from "./collect-garbage.ts";
import { inspectable } from "./inspectors.ts";

export interface IdleCostOptions {
  /** The crowd; default 10,000. */
  readonly sessions: number;
  /** Messages of each measurement of a send; default 4,000. */
  readonly messages: number;
  readonly gateways: number;
  readonly chatServers: number;
  readonly say: (line: string) => void;
}

/** What one state of the system was measured to be. CPU in ms; `net` is without what idling took meanwhile. */
export interface IdleMeasure {
  readonly sessions: number;
  readonly residentMiB: Readonly<Record<string, number>>;
  /** The same after each process was made to collect its garbage. */
  readonly collectedMiB: Readonly<Record<string, number>>;
  readonly idleCpuMsPerS: number;
  readonly sendCpuMs: number;
  readonly sendCpuMsNet: number;
  readonly perRole: Readonly<Record<string, number>>;
}

export interface IdleCost {
  readonly few: IdleMeasure;
  readonly many: IdleMeasure;
  /** After garbage was collected: what a session holds, and not what opening it left behind. */
  readonly gatewayBytesPerSession: number;
  readonly chatServerBytesPerSession: number;
  /** CPU of a send at many sessions over that at few, idling left out. */
  readonly sendRatio: number;
}

const fewSessions = 100;
const membersOfChannel = 10;
/** Sends under way at once: enough to be busy, too few for group commit to differ between the two measurements. */
const windowMax = 4;
const socketsAChild = 2_500;
const idleWatchMs = 15_000;
const roles = ["gateway", "chat-server"] as const;

/**
 * Idle cost by the processes that `npm run cluster` starts: memory of a session, and whether ten thousand people who
 * are merely there make a send to ten of them dearer. Clients are in processes of their own.
 */
export async function measureIdleCost(options: IdleCostOptions): Promise<IdleCost> {
  const { sessions, gateways, chatServers, say } = options;
  const args = ["--gateways", String(gateways), "--chat-servers", String(chatServers)];
  const system = await startSystem({ command: "cluster", args, env: inspectable });
  const crowd = createCrowd(system, await createTokens(system.data));
  try {
    const talk = await openTalk(system, crowd.tokenOf);
    say("warming up");
    await talk.send(options.messages);
    await crowd.grow(fewSessions);
    const few = await measure(system, talk, fewSessions, options);
    say(`${fewSessions} idle sessions measured; opening ${sessions}`);
    await crowd.grow(sessions);
    const many = await measure(system, talk, sessions, options);
    const perSession = (role: string): number =>
      (((many.collectedMiB[role] ?? 0) - (few.collectedMiB[role] ?? 0)) * 1_048_576) / (sessions - fewSessions);
    return {
      few,
      many,
      gatewayBytesPerSession: perSession("gateway"),
      chatServerBytesPerSession: perSession("chat-server"),
      sendRatio: many.sendCpuMsNet / few.sendCpuMsNet,
    };
  } finally {
    crowd.end();
    await system.stop();
  }
}

function createCrowd(system: System, tokenOf: (user: string) => string) {
  const children: { readonly child: ChildProcess; count: number }[] = [];
  let total = 0;
  const grow = async (to: number): Promise<void> => {
    while (total < to) {
      let last = children.at(-1);
      if (last === undefined || last.count >= socketsAChild) {
        last = { child: fork(fileURLToPath(new URL("./idle-sockets.ts", import.meta.url))), count: 0 };
        children.push(last);
      }
      const count = Math.min(to - total, socketsAChild - last.count);
      const wanted = Array.from({ length: count }, (_, index) => ({
        url: system.ws[(total + index) % system.ws.length] ?? "",
        token: tokenOf(`idle-${total + index}`),
      }));
      await openIn(last.child, wanted, last.count + count);
      last.count += count;
      total += count;
    }
  };
  return {
    tokenOf,
    grow,
    end(): void {
      for (const { child } of children) child.disconnect();
    },
  };
}

function openIn(child: ChildProcess, open: readonly object[], expected: number): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once("message", (answer) => {
      if (JSON.stringify(answer) === JSON.stringify({ opened: expected })) resolve();
      else reject(new Error(`of ${expected} idle sessions: ${JSON.stringify(answer)}`));
    });
    child.send({ open });
  });
}

/** A channel of ten people in this process, and a way to send to it. */
async function openTalk(system: System, tokenOf: (user: string) => string) {
  const wires: Wire[] = [];
  for (let index = 0; index < membersOfChannel; index++) {
    const url = system.ws[index % system.ws.length] ?? "";
    wires.push(await openWire({ url, token: tokenOf(`talker-${index}`), device: "talk" }));
  }
  const [first] = wires;
  if (first === undefined) throw new Error("nobody talks");
  const members = wires.map((_, index) => `talker-${index}`).slice(1);
  const { channel } = await first.request({ type: "channel.create", id: `talk-${Date.now()}`, kind: "group", members });
  let sent = 0;

  /** Everybody sends in turn, so that no one's rate limit is met; resolves when all is acked. */
  const send = async (messages: number): Promise<void> => {
    const end = sent + messages;
    const worker = async (): Promise<void> => {
      while (sent < end) {
        const wire = wires[sent % wires.length];
        const id = `talk-${sent++}`;
        await sendAcked(wire, {
          type: "send",
          id,
          channel,
          text: "a message of some sixty characters, as people write them",
        });
      }
    };
    await Promise.all(Array.from({ length: windowMax }, worker));
  };
  return { send };
}

/** Waits for the ack itself: kept frames would grow with every message. */
function sendAcked(
  wire: Wire | undefined,
  frame: { readonly id: string; readonly [name: string]: unknown },
): Promise<void> {
  return new Promise((resolve, reject) => {
    if (wire === undefined) return reject(new Error("nobody sends"));
    const mark = `"id":${JSON.stringify(frame.id)}`;
    const listen = (data: unknown): void => {
      const text = String(data);
      if (!text.includes(mark)) return;
      if (text.startsWith('{"type":"ack"')) {
        wire.socket.off("message", listen);
        resolve();
      } else if (text.startsWith('{"type":"error"')) {
        // Over the limit or away for a moment: the same id once more.
        setTimeout(() => wire.send(frame), 100);
      }
    };
    wire.socket.on("message", listen);
    wire.send(frame);
  });
}

interface Talk {
  send(messages: number): Promise<void>;
}

async function measure(system: System, talk: Talk, sessions: number, options: IdleCostOptions): Promise<IdleMeasure> {
  await waitForQuiet(system);
  const residentMiB = await residentOf(system);
  const pids = system.processes.filter(({ role }) => roles.some((one) => one === role)).map(({ pid }) => pid);
  await collectGarbage(system, pids);
  const collectedMiB = await residentOf(system);
  const idleFrom = await cpuOf(system);
  await pause(idleWatchMs);
  const idleTo = await cpuOf(system);
  const idlePerS = (total(idleTo) - total(idleFrom)) / (idleWatchMs / 1_000);

  const beganAt = performance.now();
  const from = await cpuOf(system);
  await talk.send(options.messages);
  const to = await cpuOf(system);
  const seconds = (performance.now() - beganAt) / 1_000;
  const perMessage = (cpuS: number): number => (cpuS * 1_000) / options.messages;
  const used = total(to) - total(from);
  return {
    sessions,
    residentMiB,
    collectedMiB,
    idleCpuMsPerS: idlePerS * 1_000,
    sendCpuMs: perMessage(used),
    sendCpuMsNet: perMessage(used - idlePerS * seconds),
    perRole: Object.fromEntries(roles.map((role) => [role, perMessage((to.get(role) ?? 0) - (from.get(role) ?? 0))])),
  };
}

async function residentOf(system: System): Promise<Readonly<Record<string, number>>> {
  const entries = roles.map(async (role) => [role, (await sumOf(system, role, residentBytes)) / 1_048_576] as const);
  return Object.fromEntries(await Promise.all(entries));
}

const quietWithinMs = 60_000;

/** After a crowd has come, memory and CPU take a while to settle: until three seconds in a row take next to no CPU. */
async function waitForQuiet(system: System): Promise<void> {
  const end = performance.now() + quietWithinMs;
  for (let quiet = 0, before = total(await cpuOf(system)); quiet < 3 && performance.now() < end; ) {
    await pause(1_000);
    const now = total(await cpuOf(system));
    quiet = now - before < 0.3 ? quiet + 1 : 0;
    before = now;
  }
}

async function cpuOf(system: System): Promise<ReadonlyMap<string, number>> {
  return new Map(await Promise.all(roles.map(async (role) => [role, await sumOf(system, role, cpuSeconds)] as const)));
}

function total(byRole: ReadonlyMap<string, number>): number {
  return [...byRole.values()].reduce((sum, one) => sum + one, 0);
}

async function sumOf(system: System, role: string, read: (pid: number) => Promise<number>): Promise<number> {
  const values = await Promise.all(system.processes.filter((one) => one.role === role).map(({ pid }) => read(pid)));
  return values.reduce((sum, one) => sum + one, 0);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
