import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRandom } from "../../random.ts";
import type { Progress } from "../../report/progress.ts";
import { isClean, type Report } from "../../report/report.ts";
import { simulate } from "../../run/simulate.ts";
import type { Demand } from "../clients/figures.ts";
import { createMortalSystem } from "./mortal-system.ts";

export interface AllDieOptions {
  readonly kind: "embedded" | "cluster";
  readonly rounds: number;
  readonly seed: number;
  readonly users: number;
  readonly channels: number;
  readonly messagesPerS: number;
  readonly gateways?: number;
  readonly chatServers?: number;
  readonly progress: Progress;
}

export interface AllDie {
  readonly kind: string;
  readonly rounds: number;
  readonly seed: number;
  readonly acked: number;
  readonly events: number;
  /** ms from the kill until everything was ready again, the longest. */
  readonly downMsMax: number;
  /** ms from the end of the load until every outbox was empty and everyone at the head, the longest. */
  readonly settleMsMax: number;
  readonly reports: readonly Report[];
  readonly demands: readonly Demand[];
}

const talkMs = [2_000, 6_000] as const;
const backShare = 0.8;
const backWithinMs = 60_000;

/**
 * People talk, everything is killed at once (Redis and the store's server too) and started again on the same data; they
 * go on with what their outboxes hold. Then their whole history is checked. The next round goes on on the same data.
 */
export async function runAllDie(options: AllDieOptions): Promise<AllDie> {
  const { kind, rounds, seed, gateways, chatServers } = options;
  const random = createRandom(seed);
  const data = await mkdtemp(join(tmpdir(), "parley-all-die-"));
  const fleet = {
    ...(gateways === undefined ? {} : { gateways }),
    ...(chatServers === undefined ? {} : { chatServers }),
  };
  const system = await createMortalSystem({ kind, data, ...fleet });
  const reports: Report[] = [];
  let downMsMax = 0;
  try {
    await system.start();
    for (let round = 0; round < rounds; round++) {
      const report = await simulate({
        ...options,
        urls: system.urls,
        tokenOf: (user) => system.tokenOf(user),
        seconds: 1,
        seed: seed + round,
        prefix: `die-${round}-`,
        async during(scene) {
          await pause(random.integer(...talkMs));
          const wereOnline = scene.online();
          const killedAt = performance.now();
          options.progress.phase("everything is killed");
          await system.killAll();
          await system.start();
          downMsMax = Math.max(downMsMax, performance.now() - killedAt);
          options.progress.phase("everything is back");
          // People come and go: most of them are back when as many are there as before.
          await waitFor(() => scene.online() >= wereOnline * backShare, backWithinMs);
          await pause(talkMs[1]);
        },
      });
      reports.push(report);
      if (!isClean(report)) break;
    }
  } finally {
    await system.stop();
    await rm(data, { recursive: true, force: true });
  }
  const sum = (of: (report: Report) => number): number => reports.reduce((total, report) => total + of(report), 0);
  const acked = sum((report) => report.acked);
  const broken = reports.filter((report) => !isClean(report));
  return {
    kind,
    rounds: reports.length,
    seed,
    acked,
    events: sum(({ events }) => events),
    downMsMax,
    settleMsMax: Math.max(0, ...reports.map(({ settleMs }) => settleMs)),
    reports,
    demands: [
      {
        what: `everything killed ${rounds} times: what was acked is stored, outboxes finish by themselves (C1 to C11)`,
        found: broken.length === 0 ? `no violation, ${acked} acked` : JSON.stringify(broken[0]?.violations),
        holds: broken.length === 0 && reports.length === rounds && acked > rounds,
      },
    ],
  };
}

async function waitFor(isMet: () => boolean, withinMs: number): Promise<void> {
  for (const until = performance.now() + withinMs; !isMet() && performance.now() < until; ) await pause(100);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
