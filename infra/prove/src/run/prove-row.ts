import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { createRandom, type Progress, type Report, type Scene, simulate, type Wait, waitsOf } from "@parley/simulator";
import { startEmbedded } from "../fleet/embedded.ts";
import { startFleet } from "../fleet/fleet.ts";
import { pause } from "../fleet/wait.ts";
import { defaultLoad, defaultShape, type Load, type Row } from "../row.ts";
import { createArena, type Ring } from "./arena.ts";
import { recoveries } from "./recovery.ts";
import type { LoadFigures, RunResult } from "./result.ts";
import { askSecondChecker, disagreements } from "./second-checker.ts";
import { type Surroundings, surroundCluster, surroundEmbedded } from "./surroundings.ts";
import { timelineOf } from "./timeline.ts";

export interface RunOptions {
  readonly seed: number;
  /** Of the row's load: people and what they do. Below 1 for machines that are slow or busy. */
  readonly loadFactor: number;
  /**
   * For the tests of every day: faults and pauses take two fifths of their time, the load ends soon after, and nobody
   * waits for the timers of nodes at rest to run out. Default false.
   */
  readonly isBrief?: boolean;
  /** For logs and the history; made here, kept by whoever asked. */
  readonly folder: string;
  readonly onProgress: (phase: string, acked: number, delivered: number) => void;
  /** Given what leaves nothing behind, as soon as there is something. */
  readonly onCloseable: (close: () => Promise<void>) => void;
}

interface Tempo {
  /** Of the row's own pauses. */
  readonly pace: number;
  /** The load goes on for so long after the last fault. */
  readonly tailMs: number;
  /** The load lasts at least so long, however short the row is. */
  readonly loadSMin: number;
}

const whole: Tempo = { pace: 1, tailMs: 5_000, loadSMin: 15 };
const brief: Tempo = { pace: 0.4, tailMs: 1_500, loadSMin: 5 };
const shownMax = 20;

/** One row with one seed, on a system of its own. **Errors**: rejects for what is no fault of the system's. */
export async function proveRow(row: Row, options: RunOptions): Promise<RunResult> {
  const beganAt = performance.now();
  const why = await row.whyNot?.();
  if (why !== undefined) return { ...emptyResult(row.number, options.seed), outcome: "impossible", why };
  await mkdir(options.folder, { recursive: true });
  const result = await (row.topology === "cluster" ? onCluster(row, options) : onEmbedded(row, options));
  return { ...result, tookMs: Math.round(performance.now() - beganAt) };
}

export function emptyResult(row: number, seed: number): Omit<RunResult, "outcome"> {
  return {
    row,
    seed,
    violations: {},
    shown: [],
    requirements: [],
    figures: {},
    faults: [],
    marks: [],
    secondChecker: "absent",
    endings: [],
    tookMs: 0,
  };
}

/** What happens beside the row: the story of it is told from here. */
type Story = { tell: (what: string) => void };

async function onCluster(row: Extract<Row, { topology: "cluster" }>, options: RunOptions): Promise<RunResult> {
  const { seed, folder, onProgress } = options;
  const story: Story = { tell: () => {} };
  const fleet = await startFleet({
    ...defaultShape,
    ...row.shape,
    seed,
    folder,
    say: (line) => onProgress(line, 0, 0),
    onChange: (node, what) => story.tell(`${node} ${what}`),
  });
  options.onCloseable(() => fleet.close());
  try {
    return await live(
      row,
      options,
      fleet,
      (arena) => row.run(arena),
      surroundCluster(fleet, options.isBrief !== true),
      story,
    );
  } finally {
    await fleet.close();
  }
}

async function onEmbedded(row: Extract<Row, { topology: "embedded" }>, options: RunOptions): Promise<RunResult> {
  const { seed, folder } = options;
  const story: Story = { tell: () => {} };
  const place = await row.prepare(seed);
  options.onCloseable(() => place.remove());
  try {
    const system = await startEmbedded({ data: place.data, folder, seed, onChange: (what) => story.tell(what) });
    options.onCloseable(() => system.close());
    try {
      return await live(row, options, system, (arena) => row.run(arena), surroundEmbedded(system), story);
    } finally {
      await system.close();
    }
  } finally {
    await place.remove();
  }
}

async function live<System extends { readonly urls: readonly string[]; readonly tokenOf: (user: string) => string }>(
  row: Row,
  options: RunOptions,
  system: System,
  act: (arena: Ring<System>) => Promise<void>,
  surroundings: Surroundings,
  story: Story,
): Promise<RunResult> {
  const { seed, folder, onProgress } = options;
  const { urls, tokenOf } = system;
  const { pace, tailMs, loadSMin } = options.isBrief === true ? brief : whole;
  const load = scaled({ ...defaultLoad, ...row.load }, options.loadFactor);
  const historyFile = join(folder, "history.jsonl");
  const random = createRandom(seed).fork();
  let arena: Ring<System> | undefined;
  let leftovers: readonly string[] = [];
  let beganAt = 0;
  let restedAt = 0;
  let seen: Scene | undefined;
  let phase = "gathering";
  const delay = monitorEventLoopDelay({ resolution: 10 });
  const progress: Progress = {
    phase(text) {
      if (text === "coming to rest") {
        restedAt = performance.now();
        delay.disable();
      }
      phase = text;
      onProgress(phase, seen?.counters.acked ?? 0, seen?.counters.delivered ?? 0);
    },
    tick: (_elapsedS, { acked, delivered }) => onProgress(phase, acked, delivered),
    end: () => {},
  };

  const report = await simulate({
    urls,
    tokenOf,
    users: load.users,
    channels: load.channels,
    messagesPerS: load.actionsPerS,
    restlessness: load.restlessness,
    sendsTwice: load.sendsTwice,
    seconds: loadSMin,
    seed,
    prefix: `r${row.number}-`,
    progress,
    recordFile: historyFile,
    async before(scene) {
      seen = scene;
      await surroundings.before(scene);
    },
    async during(scene) {
      beganAt = scene.now();
      delay.enable();
      const ring = createArena({ fleet: system, random, scene, pace }, (what) => {
        phase = what;
        scene.history.record({ line: "mark", at: scene.now(), what });
      });
      arena = ring;
      story.tell = ring.mark;
      await act(ring);
      await surroundings.heal();
      ring.endAll();
      ring.mark("everything is whole; the load goes on for a while");
      await pause(tailMs);
      story.tell = () => {};
    },
    async after(scene) {
      leftovers = await surroundings.after(scene);
    },
  });
  if (seen === undefined || arena === undefined) throw new Error("the load never began");
  onProgress("the second checker reads", report.acked, report.delivered);
  const waits = waitsOf(seen);
  const harnessDelayMs = Math.round(delay.percentile(99) / 1e6);
  arena.judge({ scene: seen, waits, faults: arena.faults });
  return judge({
    row,
    seed,
    report,
    scene: seen,
    ring: arena,
    waits,
    leftovers,
    beganAt,
    restedAt,
    historyFile,
    load,
    surroundings,
    harnessDelayMs,
  });
}

const usersMin = 12;

function scaled(load: Load, factor: number): Load {
  const users = Math.max(Math.min(usersMin, load.users), Math.round(load.users * factor));
  return { ...load, users, actionsPerS: Math.max(1, load.actionsPerS * factor) };
}

interface Found {
  readonly row: Row;
  readonly seed: number;
  readonly report: Report;
  readonly scene: Scene;
  readonly ring: Ring<unknown>;
  readonly waits: readonly Wait[];
  readonly leftovers: readonly string[];
  readonly beganAt: number;
  readonly restedAt: number;
  readonly historyFile: string;
  readonly load: Load;
  readonly surroundings: Surroundings;
  readonly harnessDelayMs: number;
}

async function judge(found: Found): Promise<RunResult> {
  const { row, seed, report, scene, ring, waits, leftovers, beganAt, restedAt, historyFile } = found;
  const second = await askSecondChecker(historyFile);
  const disputed = second === undefined ? [] : disagreements(report.violations, second);
  const unmet = ring.requirements.filter(({ isMet }) => !isMet);
  const recovered = recoveries(ring.faults, waits, restedAt + report.settleMs);
  const violations: Record<string, number> = {
    ...report.violations,
    // Whoever finds more is right to ask.
    C10: Math.max(second?.counts["C10"] ?? 0, 0) + leftovers.length,
    row: unmet.length,
    checkers: disputed.length,
  };
  const shown = [
    ...report.shown.map(({ invariant, message }) => `${invariant}: ${message}`),
    ...(second?.shown ?? []).map((sentence) => `second checker, ${sentence}`),
    ...leftovers.map((sentence) => `C10: ${sentence}`),
    ...unmet.map(({ what, seen }) => `row: ${what}: ${seen}`),
    ...disputed,
  ];
  const isClean = Object.values(violations).every((count) => count === 0);
  const since = (at: number): number => Math.round(at - beganAt);
  return {
    ...emptyResult(row.number, seed),
    outcome: isClean ? "clean" : "violated",
    violations,
    shown: shown.slice(0, shownMax),
    requirements: ring.requirements,
    figures: ring.figures,
    faults: ring.faults.map(({ what, from, to }, index) => ({
      what,
      from: since(from),
      to: since(to),
      recoveryMs: Math.round(recovered[index] ?? 0),
    })),
    marks: ring.marks.map(({ at, what, kind }) => ({ at: since(at), what, kind })),
    timeline: timelineOf(scene.history, waits, beganAt, restedAt + Math.min(report.settleMs, 10_000)),
    load: figuresOf(found, Math.max(0, ...recovered)),
    secondChecker: second === undefined ? "absent" : disputed.length === 0 ? "agrees" : "disagrees",
    endings: found.surroundings.endings(),
  };
}

function figuresOf(found: Found, recoveryMs: number): LoadFigures {
  const { report, waits, beganAt, restedAt, load } = found;
  const lived = waits.filter(({ to }) => to >= beganAt).map(({ from, to }) => to - from);
  lived.sort((one, other) => one - other);
  const { devices, sent, acked, refused, unknown, delivered, gaps, reconnects, closedByServer } = report;
  return {
    people: load.users,
    devices,
    channels: load.channels,
    seconds: Math.round((restedAt - beganAt) / 100) / 10,
    sent,
    acked,
    refused,
    unknown,
    delivered,
    gaps,
    reconnects,
    socketsEnded: closedByServer,
    worstAckMs: Math.round(lived.at(-1) ?? 0),
    medianAckMs: Math.round((lived[Math.floor(lived.length / 2)] ?? 0) * 10) / 10,
    recoveryMs: Math.round(recoveryMs),
    settleMs: Math.round(report.settleMs),
    harnessDelayMs: found.harnessDelayMs,
  };
}
