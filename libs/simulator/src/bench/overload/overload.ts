import { type System, startSystem } from "../../target/system.ts";
import { createTokens } from "../../target/tokens.ts";
import { type Demand, formatMiB, formatMs, type Spread, spreadOf } from "../clients/figures.ts";
import type { LoadFigures } from "./generator-messages.ts";
import { join, type Load, startLoad } from "./load.ts";
import { growthBound, type Sample, sample, type Watched, watchedOf } from "./memory.ts";

export interface OverloadOptions {
  readonly kind: "embedded" | "cluster";
  readonly users: number;
  readonly roomSize: number;
  readonly gateways: number;
  readonly chatServers: number;
  readonly generators: number;
  /** How long each rate is tried. */
  readonly stepS: number;
  readonly overloadS: number;
  /** Skips the search. */
  readonly sustainablePerS?: number;
  readonly ackBoundMs: number;
  readonly say: (line: string) => void;
}

export interface ProcessGrowth {
  readonly name: string;
  readonly before: Sample;
  /** Highest of each figure. */
  readonly peak: Sample;
  readonly boundBytes: number;
}

export interface Overload {
  readonly kind: string;
  readonly sustainablePerS: number;
  readonly steps: readonly {
    readonly perS: number;
    readonly ackMs: Spread;
    readonly holds: boolean;
    readonly generatorCpu: number;
  }[];
  readonly offeredPerS: number;
  readonly sentPerS: number;
  readonly ackedPerS: number;
  readonly before: Spread;
  readonly ackMs: Spread;
  readonly refusalMs: Spread;
  readonly refusals: Readonly<Record<string, number>>;
  readonly withoutRetryAfter: number;
  /** Not sent, since the gateway did not read the socket: answers were due first. */
  readonly withheld: number;
  /** Longest that any request went without an answer. */
  readonly silenceMs: number;
  readonly socketsClosed: number;
  readonly generatorCpu: number;
  readonly processes: readonly ProcessGrowth[];
  /** From the end of the overload until acks take no longer than before and nothing waits. */
  readonly normalAgainS: number | undefined;
  readonly demands: readonly Demand[];
}

const warmUpS = 3;
const firstRate = { embedded: 500, cluster: 50 } as const;
const bisections = 3;
const stepsMax = 14;
/** Of the sustainable rate, before and after the overload. */
const calmShare = 0.5;
const afterS = 20;
const normalWithinS = 10;
const normalForS = 2;
/** No request may wait longer for its ack or refusal. */
const silenceMsMax = 10_000;
/** What counts as normal again beside the figures of before: on an idle system these are a few ms. */
const normalMsMin = 100;

/** Finds the highest rate that holds, then asks for twice as much for a while, and looks at what happens. */
export async function runOverload(options: OverloadOptions): Promise<Overload> {
  const { kind, gateways, chatServers, users, say } = options;
  const args = kind === "embedded" ? [] : ["--gateways", `${gateways}`, "--chat-servers", `${chatServers}`];
  const system = await startSystem({
    command: kind === "embedded" ? "start" : "cluster",
    args: [...args, "--log-level", "warn"],
  });
  let load: Load | undefined;
  try {
    const tokenOf = await createTokens(system.data);
    say("opening sockets and making rooms");
    load = await startLoad({ ...options, urls: system.ws, tokenOf });
    const steps: Overload["steps"][number][] = [];
    const sustainablePerS = options.sustainablePerS ?? (await findSustainable(load, options, steps));
    say(`sustainable: ${sustainablePerS}/s; half of that for a while`);
    const calm = await hold(load, sustainablePerS * calmShare, options.stepS);
    const watched = watchedOf(system);
    const before = await Promise.all(watched.map(sample));
    const offeredPerS = sustainablePerS * 2;
    say(`${offeredPerS}/s for ${options.overloadS} s`);
    const { figures, peaks, silenceMs } = await pressOn(load, offeredPerS, options.overloadS, watched, before);
    say("back to half of what is sustainable");
    const normalAgainS = await waitForNormal(load, sustainablePerS * calmShare, spreadOf(calm.ackMs), watched, say);
    const alive = await countAlive(system);
    const result = {
      kind,
      sustainablePerS,
      steps,
      offeredPerS,
      sentPerS: figures.sent / options.overloadS,
      ackedPerS: figures.ackMs.length / options.overloadS,
      before: spreadOf(calm.ackMs),
      ackMs: spreadOf(figures.ackMs),
      refusalMs: spreadOf(figures.refusalMs),
      refusals: figures.refusals,
      withoutRetryAfter: figures.withoutRetryAfter,
      withheld: figures.withheld,
      silenceMs,
      socketsClosed: figures.socketsClosed,
      generatorCpu: figures.cpu,
      normalAgainS,
      processes: watched.map((one, index) => ({
        name: one.name,
        before: before[index] ?? nothing,
        peak: peaks[index] ?? nothing,
        boundBytes: growthBound(one.roles, {
          gateways: kind === "embedded" ? 1 : gateways,
          chatServers: kind === "embedded" ? 2 : chatServers,
          sockets: users,
        }),
      })),
    };
    return { ...result, demands: demandsOf(result, alive === watched.length) };
  } finally {
    load?.end();
    await system.stop();
  }
}

const nothing: Sample = { ownBytes: 0, heapBytes: 0, waitingRequests: 0, waitingBytes: 0 };

/** Doubles until a rate does not hold, then halves the gap a few times. */
async function findSustainable(
  load: Load,
  options: OverloadOptions,
  steps: Overload["steps"][number][],
): Promise<number> {
  const { kind } = options;
  let [low, high] = [0, Number.POSITIVE_INFINITY];
  let rate: number = firstRate[kind];
  for (let step = 0, halvings = 0; step < stepsMax && halvings < bisections; step++) {
    // What other work on the machine spoils is tried once more: too low a rate would overload nothing afterwards.
    const tried = await tryRate(load, rate, options);
    const { holds } = tried.holds ? tried : await tryRate(load, rate, options);
    steps.push({ ...tried, holds });
    if (holds) low = rate;
    else high = rate;
    if (Number.isFinite(high)) halvings++;
    rate = Number.isFinite(high) ? Math.round((low + high) / 2) : rate * 2;
  }
  if (low === 0) throw new Error(`not even ${firstRate[kind]}/s holds`);
  return low;
}

async function tryRate(
  load: Load,
  perS: number,
  { stepS, ackBoundMs, say }: OverloadOptions,
): Promise<Overload["steps"][number]> {
  const figures = await hold(load, perS, stepS);
  const { ackMs: acks, refusalMs, sent, cpu } = figures;
  const ackMs = spreadOf(acks);
  // Acked as fast as sent: a queue that grows slowly is found out by what is left open.
  const isKept = acks.length >= sent * 0.98 && refusalMs.length === 0 && sent >= perS * stepS * 0.95;
  const holds = isKept && ackMs.p99 < ackBoundMs;
  const found = `${acks.length} of ${sent} acked, ${refusalMs.length} refused, p99 ${formatMs(ackMs.p99)}`;
  say(`${perS}/s ${holds ? "holds" : "does not hold"}: ${found}, generator ${cpu.toFixed(2)} of a core`);
  if (!holds) await drain(load);
  return { perS, ackMs, holds, generatorCpu: cpu };
}

/** The figures of so many seconds at a rate, after a warm-up that is not counted. */
async function hold(load: Load, perS: number, seconds: number): Promise<LoadFigures> {
  load.setRate(perS);
  await pause(warmUpS * 1_000);
  await load.take();
  await pause(seconds * 1_000);
  return load.take();
}

async function drain(load: Load): Promise<void> {
  load.setRate(0);
  for (let second = 0; second < 20; second++) {
    await pause(1_000);
    if ((await load.take()).open === 0) return;
  }
}

async function pressOn(
  load: Load,
  perS: number,
  seconds: number,
  watched: readonly Watched[],
  before: readonly Sample[],
) {
  const all: LoadFigures[] = [];
  const peaks = [...before];
  let silenceMs = 0;
  load.setRate(perS);
  await load.take();
  for (const until = performance.now() + seconds * 1_000; performance.now() < until; ) {
    await pause(1_000);
    const figures = await load.take();
    all.push(figures);
    silenceMs = Math.max(silenceMs, figures.oldestMs, spreadOf(figures.ackMs).max, spreadOf(figures.refusalMs).max);
    const now = await Promise.all(watched.map((one) => sample(one).catch(() => nothing)));
    for (const [index, one] of now.entries()) peaks[index] = highest(peaks[index] ?? nothing, one);
  }
  const last = all.at(-1);
  return { figures: { ...join(all), socketsClosed: last?.socketsClosed ?? 0 }, peaks, silenceMs };
}

/**
 * When all was normal again, seconds after the overload: for {@link normalForS} on end nothing is refused, acks take no
 * longer than 1.5 times what they took before (p99), and no more is open and waiting than half a second brings; and
 * nothing is refused any more after that. Undefined: not within {@link afterS}.
 */
async function waitForNormal(
  load: Load,
  perS: number,
  before: Spread,
  watched: readonly Watched[],
  say: (line: string) => void,
): Promise<number | undefined> {
  load.setRate(perS);
  const endedAt = performance.now();
  const boundMs = Math.max(normalMsMin, before.p99 * 1.5);
  let normalSince: number | undefined;
  let isSettled = false;
  while (performance.now() < endedAt + afterS * 1_000) {
    await pause(500);
    const figures = await load.take();
    const samples = await Promise.all(watched.map((one) => sample(one).catch(() => nothing)));
    const waiting = samples.reduce((sum, { waitingRequests }) => sum + waitingRequests, 0);
    const { p99 } = spreadOf(figures.ackMs);
    const refused = figures.refusalMs.length;
    const atS = (performance.now() - endedAt) / 1_000;
    const found = `${figures.ackMs.length} acked, p99 ${formatMs(p99)}, ${refused} refused`;
    say(`${atS.toFixed(1)} s: ${found}, ${figures.open} open, ${waiting} wait for the store`);
    const isFast = figures.ackMs.length > 0 && p99 <= boundMs && figures.open <= perS && waiting <= perS / 2;
    if (refused > 0 || (!isSettled && !isFast)) {
      normalSince = undefined;
      isSettled = false;
    } else {
      normalSince ??= atS;
      isSettled ||= atS - normalSince >= normalForS;
    }
  }
  return isSettled ? normalSince : undefined;
}

async function countAlive({ processes }: System): Promise<number> {
  const own = processes.filter(({ role }) => role !== "redis" && role !== "store");
  return [...new Set(own.map(({ pid }) => pid))].filter((pid) => {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  }).length;
}

function highest(a: Sample, b: Sample): Sample {
  return {
    ownBytes: Math.max(a.ownBytes, b.ownBytes),
    heapBytes: Math.max(a.heapBytes, b.heapBytes),
    waitingRequests: Math.max(a.waitingRequests, b.waitingRequests),
    waitingBytes: Math.max(a.waitingBytes, b.waitingBytes),
  };
}

function demandsOf(result: Omit<Overload, "demands">, areAllAlive: boolean): readonly Demand[] {
  const {
    refusals,
    withoutRetryAfter,
    silenceMs,
    socketsClosed,
    processes,
    normalAgainS,
    ackMs,
    ackedPerS,
    sustainablePerS,
    generatorCpu,
  } = result;
  const codes = Object.keys(refusals);
  const refused = Object.values(refusals).reduce((sum, count) => sum + count, 0);
  const overBound = processes.filter(({ before, peak, boundBytes }) => peak.ownBytes - before.ownBytes > boundBytes);
  const most = Math.max(...processes.map(({ before, peak }) => peak.ownBytes - before.ownBytes));
  return [
    {
      what: "twice the sustainable rate is more than it can take, else this shows nothing",
      found: `${Math.round(ackedPerS)}/s of ${result.offeredPerS}/s acked, ${refused} refused, ${result.withheld} held back`,
      holds: ackedPerS < result.offeredPerS * 0.95,
    },
    {
      what: "every refusal is unavailable or rate_limited and says when to come again",
      found: `${JSON.stringify(refusals)}, ${withoutRetryAfter} without retryAfterMs`,
      holds: withoutRetryAfter === 0 && codes.every((code) => code === "unavailable" || code === "rate_limited"),
    },
    {
      what: `no silence: every request has its answer within ${silenceMsMax / 1_000} s`,
      found: `the longest wait was ${formatMs(silenceMs)}`,
      holds: silenceMs <= silenceMsMax,
    },
    {
      what: "nothing crashes, no socket is closed",
      found: `${areAllAlive ? "all alive" : "NOT all alive"}, ${socketsClosed} closed`,
      holds: areAllAlive && socketsClosed === 0,
    },
    {
      // To refuse costs some two fifths of what to serve costs, so that little is left at twice the rate.
      what: "it goes on serving: at least a tenth of the sustainable rate is acked",
      found: `${Math.round(ackedPerS)}/s acked, p99 ${formatMs(ackMs.p99)}`,
      holds: ackedPerS >= sustainablePerS / 10,
    },
    {
      what: "no process grows beyond its bound",
      found: `${overBound.length} do; the largest growth was ${formatMiB(most)}`,
      holds: overBound.length === 0,
    },
    {
      what: `normal again within ${normalWithinS} s`,
      found: normalAgainS === undefined ? `not within ${afterS} s` : `${normalAgainS.toFixed(1)} s`,
      holds: normalAgainS !== undefined && normalAgainS <= normalWithinS,
    },
    {
      what: "the load generator is not the bottleneck",
      found: `its busiest process took ${generatorCpu.toFixed(2)} of a core`,
      holds: generatorCpu < 0.9,
    },
  ];
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
