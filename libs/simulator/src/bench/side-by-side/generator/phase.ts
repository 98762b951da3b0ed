import { readdirSync, readFileSync } from "node:fs";
import { createRandom } from "../../../random.ts";
import type { Members, Rooms } from "./members.ts";
import type { PhaseFigures, PhaseOrder, ProcessUse } from "./messages.ts";
import { Tally } from "./tally.ts";

const tickMs = 1;
/** An open loop that fell behind does not make up for more than this. */
const debtMaxS = 0.25;
const settleWithinMsDefault = 10_000;
/** Where messages are still under way then: what was acked until then has so long to come. */
const lastDeliveriesMs = 10_000;
/** At most so many messages a second are reckoned with. */
const messagesPerSMax = 60_000;

/** The phase that runs, for the listeners of the sockets, which outlive it. */
export interface Phase {
  readonly tally: Tally;
  onAck(message: number): void;
  onRefused(message: number, retryAfterMs: number | undefined): void;
  run(): Promise<PhaseFigures>;
}

/** `base` is the number of its first message. */
export function createPhase(
  order: PhaseOrder,
  { sockets, rooms: bySize }: Members,
  base: number,
  socketsClosed: () => number,
): Phase {
  const { pace, warmS, windowS, pids } = order;
  const rooms = mustHave(bySize, order.roomSize);
  const random = createRandom(order.seed);
  const senders = rooms.members.flatMap((members) => members.slice(0, order.sendersARoom ?? members.length));
  const roomOf = roomsByMember(rooms);
  const messagesMax = Math.ceil((warmS + windowS) * messagesPerSMax);
  const tally = new Tally(sockets.length, (member) => roomOf[member] ?? 0, messagesMax, base);
  const senderOf = new Uint16Array(messagesMax);
  let isSending = true;

  const post = (message: number): void => {
    const member = senderOf[message - base] ?? 0;
    sockets[member]?.send(rooms.names[roomOf[member] ?? 0] ?? "", message);
  };
  const sendNew = (): void => {
    const member = random.pick(senders);
    const message = tally.begin(member);
    senderOf[message - base] = member;
    post(message);
  };
  const next = (): void => {
    if (isSending && pace.kind === "closed") sendNew();
  };

  return {
    tally,
    onAck(message) {
      if (tally.ack(message)) next();
    },
    onRefused(message, retryAfterMs) {
      tally.refuse(retryAfterMs === undefined);
      if (retryAfterMs === undefined) next();
      else setTimeout(() => post(message), retryAfterMs);
    },
    async run() {
      const stop = pace.kind === "open" ? tickAt(pace.perS, sendNew) : undefined;
      if (pace.kind === "closed") for (let index = 0; index < pace.inFlight; index++) sendNew();
      await pause(warmS * 1_000);
      const before = pids.map(readUse);
      const cpu = process.cpuUsage();
      tally.openWindow();
      await pause(windowS * 1_000);
      const window = tally.closeWindow();
      const { user, system } = process.cpuUsage(cpu);
      const processes = pids.map(readUse).map((use, index) => ({
        ...use,
        cpuS: use.cpuS - (before[index]?.cpuS ?? 0),
        poolCpuS: use.poolCpuS - (before[index]?.poolCpuS ?? 0),
      }));
      isSending = false;
      stop?.();
      const until = performance.now() + (order.settleWithinMs ?? settleWithinMsDefault);
      const membersOf = (room: number): number => rooms.members[room]?.length ?? 0;
      while (performance.now() < until && !tally.isSettled(membersOf)) await pause(50);
      if (tally.openCount > 0) {
        tally.stopOwing();
        await pause(lastDeliveriesMs);
      }
      // What comes twice comes a little later.
      await pause(200);
      return {
        kind: "figures",
        ...window,
        ...tally.faults(rooms.members),
        busy: (user + system) / 1_000_000 / window.seconds,
        processes,
        unsettled: tally.openCount,
        socketsClosed: socketsClosed(),
      };
    },
  };
}

function tickAt(perS: number, send: () => void): () => void {
  let last = performance.now();
  let debt = 0;
  const timer = setInterval(() => {
    const now = performance.now();
    debt = Math.min(debt + ((now - last) / 1_000) * perS, Math.max(1, perS * debtMaxS));
    last = now;
    for (; debt >= 1; debt -= 1) send();
  }, tickMs);
  return () => clearInterval(timer);
}

/** Both ends of a window are read in one turn, so that nothing comes between them. **Source**: proc(5). */
function readUse(pid: number): ProcessUse {
  const pages = Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]);
  const poolCpuS = readdirSync(`/proc/${pid}/task`)
    .filter((thread) => readFileSync(`/proc/${pid}/task/${thread}/comm`, "utf8").startsWith("libuv-worker"))
    .reduce((sum, thread) => sum + readCpuS(`/proc/${pid}/task/${thread}/stat`), 0);
  return { pid, cpuS: readCpuS(`/proc/${pid}/stat`), poolCpuS, residentBytes: pages * 4_096 };
}

function readCpuS(file: string): number {
  const stat = readFileSync(file, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function roomsByMember({ members }: Rooms): Uint16Array {
  const rooms = new Uint16Array(Math.max(0, ...members.map((list) => Math.max(...list))) + 1);
  for (const [room, list] of members.entries()) for (const member of list) rooms[member] = room;
  return rooms;
}

function mustHave(bySize: ReadonlyMap<number, Rooms>, size: number): Rooms {
  const rooms = bySize.get(size);
  if (rooms === undefined) throw new Error(`no rooms of ${size} were opened`);
  return rooms;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
