import { createWriteStream } from "node:fs";
import { finished } from "node:stream/promises";
import { checkHistory } from "../checker/check.ts";
import { createHistory, type History } from "../history/history.ts";
import type { HistoryLine } from "../history/lines.ts";
import { type Counters, createObserver, type Observer } from "../history/observed-socket.ts";
import type { Device } from "../people/device.ts";
import { drawPopulation } from "../people/population.ts";
import { createRandom } from "../random.ts";
import { ackLatency, endToEndLatency } from "../report/latency.ts";
import type { Progress } from "../report/progress.ts";
import type { Report } from "../report/report.ts";
import { type Crowd, createCrowd, type Leave } from "./crowd.ts";
import { settle } from "./settle.ts";
import type { ShortTokens } from "./short-tokens.ts";
import { createTimers } from "./timers.ts";

export interface SimulateOptions {
  /** The WebSocket address of each gateway; devices go from one to the next as connections end. */
  readonly urls: readonly string[];
  readonly tokenOf: (user: string) => string;
  /** Default: nobody's token ends within a run. */
  readonly shortTokens?: ShortTokens;
  readonly users: number;
  readonly channels: number;
  readonly seconds: number;
  readonly seed: number;
  /** Sends, edits and so on a second over all people. */
  readonly messagesPerS: number;
  /** Put before every user id. */
  readonly prefix: string;
  /** Every device sends every frame twice. Default false. */
  readonly sendsTwice?: boolean;
  /** Connections end so many times sooner than in life; for short runs. Default 1. */
  readonly restlessness?: number;
  readonly progress: Progress;
  /** Every line of the history goes to this file as JSON. */
  readonly recordFile?: string;
  /**
   * Runs beside the load, which lasts until this is done and no shorter than `seconds`; for faults and their end.
   * **Errors**: what it rejects with ends the run.
   */
  readonly during?: (scene: Scene) => Promise<void>;
  /** Before anybody comes; may add lines to the history. */
  readonly before?: (scene: Scene) => Promise<void>;
  /** When all have come to rest and left, before the check; may add lines to the history. */
  readonly after?: (scene: Scene) => Promise<void>;
  /** Called once a second with the seconds since the load began; for faults. */
  readonly onSecond?: (elapsedS: number) => void;
  /** How long to wait for everyone to catch up after the load (C9). Default 10 s. */
  readonly settleWithinMs?: number;
  /** How much longer those who are late are waited for, only to know how late they were. Default 60 s. */
  readonly lateWithinMs?: number;
  readonly linesMax?: number;
}

/** What whoever injects faults may look at. */
export interface Scene {
  /** For more people than those of the run: what their sockets see is judged with the rest. */
  readonly observer: Observer;
  readonly history: History;
  readonly counters: Readonly<Counters>;
  readonly leaves: readonly Leave[];
  /** Devices that read slowly on purpose: what they measure is themselves. */
  isSlow(device: string): boolean;
  /** Of the history's lines, ms. */
  now(): number;
  /** Devices, and how many of them are connected. */
  readonly devices: number;
  online(): number;
}

/** A gateway looks at the ends of tokens once in a while, and may itself be late on a busy machine. */
const tokenLatenessMs = 3_000;

/**
 * One whole run: people gather, live for so many seconds, come to rest; then the history is checked.
 * **Errors**: rejects where the system can't be reached, or the history did not fit into its bound.
 */
export async function simulate(options: SimulateOptions): Promise<Report> {
  const { urls, tokenOf, users, channels, seed, progress, settleWithinMs = 10_000, lateWithinMs = 60_000 } = options;
  const random = createRandom(seed);
  const file = options.recordFile === undefined ? undefined : createWriteStream(options.recordFile);
  const history = createHistory({
    ...(options.linesMax === undefined ? {} : { linesMax: options.linesMax }),
    ...(file === undefined ? {} : { write: (line: HistoryLine) => void file.write(`${JSON.stringify(line)}\n`) }),
  });
  const now = (): number => performance.now();
  const observer = createObserver(history, now);
  const population = drawPopulation(random, options);
  const { shortTokens, sendsTwice = false } = options;
  const crowd = createCrowd({
    population,
    urls,
    tokenOf,
    sendsTwice,
    random,
    observer,
    history,
    ...(shortTokens === undefined ? {} : { shortTokens }),
  });
  const cpu = process.cpuUsage();
  const beganAt = now();
  const scene = sceneOf(crowd, history, observer);
  history.record({
    line: "terms",
    at: now(),
    settleWithinMs,
    ...(shortTokens === undefined ? {} : { tokenGraceMs: shortTokens.graceMs + tokenLatenessMs }),
  });
  try {
    await options.before?.(scene);
    progress.phase(`${users} people with ${crowd.devices.length} devices gather in ${channels} channels`);
    await crowd.gather();
    await runLoad(crowd, scene, options);
    progress.phase("coming to rest");
    const restedAt = now();
    history.record({ line: "rest", at: restedAt });
    crowd.calm();
    const [url = ""] = urls;
    const nudge = (): void => crowd.calm();
    const { devices, rooms } = crowd;
    await settle({ history, observer, devices, rooms, url, tokenOf, withinMs: settleWithinMs, lateWithinMs, nudge });
    const settleMs = now() - restedAt;
    const used = process.cpuUsage(cpu);
    const simulatorCpu = (used.user + used.system) / 1_000 / (now() - beganAt);
    await crowd.close();
    await options.after?.(scene);
    if (history.hasLost)
      throw new Error(`the history is full after ${history.length} lines: take fewer people or seconds`);
    progress.phase(`checking ${history.length.toLocaleString("en-US")} lines of history`);
    return report(options, crowd, history, observer.counters, { settleMs, simulatorCpu });
  } finally {
    progress.end();
    await crowd.close();
    if (file !== undefined) {
      file.end();
      await finished(file);
    }
  }
}

function sceneOf(crowd: Crowd, history: History, observer: Observer): Scene {
  const { devices, leaves } = crowd;
  const { counters, now } = observer;
  return {
    observer,
    history,
    counters,
    leaves,
    now,
    isSlow: slowReaders(devices),
    devices: devices.length,
    online: () => devices.filter(({ client }) => client.state.kind === "online").length,
  };
}

async function runLoad(
  crowd: Crowd,
  scene: Scene,
  { seconds, progress, onSecond, during }: SimulateOptions,
): Promise<void> {
  // A call may be refused or cut off; whether that was right is the checker's business.
  const timers = createTimers(() => {});
  const beganAt = performance.now();
  crowd.live(timers);
  let isAlone = during === undefined;
  const beside = during?.(scene).finally(() => {
    isAlone = true;
  });
  // Looked at below; until then nobody listens.
  beside?.catch(() => {});
  for (let elapsedS = 0; (elapsedS < seconds || !isAlone) && !scene.history.isFull; ) {
    const restMs = seconds * 1_000 - (performance.now() - beganAt);
    await timers.pause(Math.max(0, Math.min(1_000, isAlone ? restMs : 200)));
    elapsedS = (performance.now() - beganAt) / 1_000;
    progress.tick(elapsedS, scene.counters, scene.online());
    onSecond?.(elapsedS);
  }
  await timers.stop();
  await beside;
}

function slowReaders(devices: readonly Device[]): (device: string) => boolean {
  const slow = new Set(
    devices.flatMap(({ user, plan }) => (plan.reading === "fast" ? [] : [`${user}/${plan.device}`])),
  );
  return (device) => slow.has(device);
}

function report(
  options: SimulateOptions,
  { devices }: Crowd,
  history: History,
  counters: Readonly<Counters>,
  measured: Pick<Report, "settleMs" | "simulatorCpu">,
): Report {
  const { seed, users, channels, seconds } = options;
  const isSlow = slowReaders(devices);
  const beganAt = performance.now();
  const { counts, violations } = checkHistory(history);
  const checkMs = performance.now() - beganAt;
  const events = [...history.finalLogs.values()].reduce((sum, log) => sum + log.events.length, 0);
  return {
    seed,
    users,
    devices: devices.length,
    channels,
    seconds,
    ...counters,
    reconnects: Math.max(0, counters.connections - devices.length),
    events,
    linesRecorded: history.length,
    ...measured,
    checkMs,
    clientErrors: devices.reduce((sum, device) => sum + device.errors, 0),
    ackMs: ackLatency(history, isSlow),
    endToEndMs: endToEndLatency(history, isSlow),
    violations: counts,
    shown: violations,
  };
}
