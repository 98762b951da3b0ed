import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startMongo } from "@parley/servers";
import { isFields } from "../../history/content.ts";
import type { Progress } from "../../report/progress.ts";
import { isClean, type Report } from "../../report/report.ts";
import { type Scene, simulate } from "../../run/simulate.ts";
import { startSystem } from "../../target/system.ts";
import { createTokens } from "../../target/tokens.ts";
import { type Admin, createAdmin } from "../clients/admin.ts";
import { type Demand, formatMs, type Spread } from "../clients/figures.ts";
import { openRawClient } from "../clients/raw-client.ts";
import { type MortalRedis, type OutageKind, startMortalRedis } from "./outage.ts";
import { acksIn, deliveriesIn, secondsUntilCalm, type Window } from "./windows.ts";

export interface RedisGoneOptions {
  readonly kind: OutageKind;
  readonly users: number;
  readonly channels: number;
  readonly messagesPerS: number;
  readonly beforeS: number;
  readonly goneS: number;
  readonly afterS: number;
  readonly seed: number;
  readonly gateways: number;
  readonly chatServers: number;
  readonly ackBoundMs: number;
  readonly deliveryBoundMs: number;
  /** What counts as back to normal, p99 of deliveries. */
  readonly calmMs: number;
  readonly recordFile?: string;
  readonly progress: Progress;
}

/** What the presence process said while somebody looked, twice a second. */
interface Looks {
  /** Distinct lists of nodes with their epochs. */
  readonly fleets: Set<string>;
  looks: number;
  /** Looks at the fleet and at presence that called themselves complete. */
  complete: number;
  failed: number;
}

export interface RedisGone {
  readonly kind: OutageKind;
  readonly seed: number;
  readonly ackMs: Readonly<Record<Phase, Spread>>;
  readonly deliveryMs: Readonly<Record<Phase, Spread>>;
  /** While Redis was away, from a second after it went. */
  readonly fleetsSeen: number;
  readonly looks: number;
  readonly completeWhileGone: number;
  /** New people who came while it was away: so many were let in. */
  readonly strangers: number;
  readonly strangersWelcomed: number;
  readonly socketsClosed: number;
  /** From Redis' return; undefined where it did not come to that. */
  readonly presenceCompleteS: number | undefined;
  readonly deliveriesCalmS: number | undefined;
  readonly report: Report;
  readonly demands: readonly Demand[];
}

type Phase = "before" | "gone" | "after";

/** A look that began while Redis still answered says nothing; processes notice a silent one within some seconds. */
const noticeMs = { dead: 2_000, silent: 6_000 } as const;
const lookEveryMs = 500;
const strangerEveryMs = 5_000;

/** Chat goes on without Redis: people talk on a cluster, Redis goes away for a while and comes back. */
export async function runRedisGone(options: RedisGoneOptions): Promise<RedisGone> {
  const { beforeS, goneS, afterS, seed, gateways, chatServers } = options;
  const data = await mkdtemp(join(tmpdir(), "parley-redis-gone-"));
  const [redis, store] = await Promise.all([startMortalRedis(), startMongo({ dir: join(data, "store") })]);
  const fleet = ["--gateways", `${gateways}`, "--chat-servers", `${chatServers}`];
  const args = [...fleet, "--redis", redis.url, "--mongodb", store.url, "--log-level", "warn"];
  const system = await startSystem({ command: "cluster", data, args });
  try {
    const tokenOf = await createTokens(data);
    const admin = createAdmin(system.presence, tokenOf("admin", "admin"));
    let seen: Seen | undefined;
    const report = await simulate({
      ...options,
      urls: system.ws,
      tokenOf,
      seconds: beforeS + goneS + afterS,
      prefix: `gone-${seed}-`,
      async during(scene) {
        seen = await takeAway(options, scene, redis, admin, (user) => ({
          url: system.ws[0] ?? "",
          user,
          token: tokenOf(user),
        }));
      },
    });
    if (seen === undefined) throw new Error("nothing was taken away");
    return conclude(options, report, seen);
  } finally {
    await system.stop();
    await Promise.all([redis.close(), store.close()]);
    await rm(data, { recursive: true, force: true });
  }
}

interface Seen {
  readonly scene: Scene;
  readonly windows: Readonly<Record<Phase, Window>>;
  readonly looks: Looks;
  readonly strangers: number;
  readonly strangersWelcomed: number;
  readonly socketsClosed: number;
  readonly presenceCompleteS: number | undefined;
}

async function takeAway(
  { kind, beforeS, goneS, afterS, progress }: RedisGoneOptions,
  scene: Scene,
  redis: MortalRedis,
  admin: Admin,
  stranger: (user: string) => { readonly url: string; readonly user: string; readonly token: string },
): Promise<Seen> {
  const beganAt = scene.now();
  await pause(beforeS * 1_000);
  const goneAt = scene.now();
  const closedBefore = scene.counters.closedByServer;
  progress.phase(`Redis is ${kind}`);
  redis.takeAway(kind);
  const looks: Looks = { fleets: new Set(), looks: 0, complete: 0, failed: 0 };
  let strangers = 0;
  let welcomed = 0;
  const tries: Promise<void>[] = [];
  for (let next = goneAt + noticeMs[kind], nextStranger = next; scene.now() < goneAt + goneS * 1_000; ) {
    await pause(Math.min(lookEveryMs, Math.max(0, goneAt + goneS * 1_000 - scene.now())));
    if (scene.now() < next) continue;
    await look(admin, looks);
    if (scene.now() < nextStranger) continue;
    nextStranger = scene.now() + strangerEveryMs;
    tries.push(
      openRawClient(stranger(`stranger-${strangers++}`)).then(
        (client) => {
          welcomed++;
          return client.close();
        },
        () => undefined,
      ),
    );
  }
  await redis.giveBack();
  const backAt = scene.now();
  const socketsClosed = scene.counters.closedByServer - closedBefore;
  progress.phase("Redis is back");
  let presenceCompleteS: number | undefined;
  while (scene.now() < backAt + afterS * 1_000) {
    await pause(200);
    if (presenceCompleteS !== undefined) continue;
    const again: Looks = { fleets: new Set(), looks: 0, complete: 0, failed: 0 };
    await look(admin, again);
    if (again.complete === 2) presenceCompleteS = (scene.now() - backAt) / 1_000;
  }
  await Promise.all(tries);
  const windows = {
    before: { from: beganAt, to: goneAt },
    gone: { from: goneAt, to: backAt },
    after: { from: backAt, to: scene.now() },
  };
  return { scene, windows, looks, strangers, strangersWelcomed: welcomed, socketsClosed, presenceCompleteS };
}

/** One look at the fleet and one at presence. */
async function look(admin: Admin, looks: Looks): Promise<void> {
  try {
    const fleet = await admin.ask("/v1/cluster");
    const nodes = ["gateways", "chatServers", "presence"].flatMap((role) => {
      const list = fleet[role];
      return Array.isArray(list) ? list.filter(isFields).map(({ node, epoch }) => `${node}@${epoch}`) : [];
    });
    looks.fleets.add(nodes.join(" "));
    const presence = await admin.ask("/v1/presence/online?limit=10");
    looks.looks += 1;
    looks.complete += Number(fleet["complete"] === true) + Number(presence["complete"] === true);
  } catch {
    looks.failed += 1;
  }
}

function conclude(options: RedisGoneOptions, report: Report, seen: Seen): RedisGone {
  const { kind, seed, calmMs } = options;
  const { scene, windows, looks, strangers, strangersWelcomed, socketsClosed, presenceCompleteS } = seen;
  const { history, isSlow } = scene;
  const slow = (device: string): boolean => isSlow(device);
  const phases = ["before", "gone", "after"] as const;
  const of = (read: (window: Window) => Spread) =>
    Object.fromEntries(phases.map((phase) => [phase, read(windows[phase])])) as Record<Phase, Spread>;
  const deliveryMs = of((window) => deliveriesIn(history, window, slow));
  const result = {
    kind,
    seed,
    ackMs: of((window) => acksIn(history, window, slow)),
    deliveryMs,
    fleetsSeen: looks.fleets.size,
    looks: looks.looks,
    completeWhileGone: looks.complete,
    strangers,
    strangersWelcomed,
    socketsClosed,
    presenceCompleteS,
    // On a machine that is busy with other things nothing can get calmer than it was before.
    deliveriesCalmS: secondsUntilCalm(
      history,
      windows.after.from,
      windows.after.to,
      Math.max(calmMs, deliveryMs.before.p99),
      slow,
    ),
    report,
  };
  return { ...result, demands: demandsOf(result, looks, options) };
}

function demandsOf(
  result: Omit<RedisGone, "demands">,
  looks: Looks,
  { ackBoundMs, deliveryBoundMs, calmMs, afterS }: RedisGoneOptions,
): readonly Demand[] {
  const { ackMs, deliveryMs, report, socketsClosed, presenceCompleteS, deliveriesCalmS } = result;
  const seconds = (value: number | undefined): string =>
    value === undefined ? `not within ${afterS} s` : `${value.toFixed(1)} s`;
  return [
    {
      what: `while Redis is away sends are acked, p99 within ${ackBoundMs} ms`,
      found: `${ackMs.gone.count} acked, p99 ${formatMs(ackMs.gone.p99)}`,
      holds: ackMs.gone.count > 0 && ackMs.gone.p99 <= ackBoundMs,
    },
    {
      what: `every delivery arrives within ${deliveryBoundMs} ms`,
      found: `${deliveryMs.gone.count}, p99 ${formatMs(deliveryMs.gone.p99)}, the last after ${formatMs(deliveryMs.gone.max)}`,
      holds: deliveryMs.gone.count > 0 && deliveryMs.gone.max <= deliveryBoundMs,
    },
    { what: "connected users stay connected", found: `${socketsClosed} sockets ended`, holds: socketsClosed === 0 },
    {
      what: "the ring is frozen: the same nodes and epochs at every look",
      found: `${result.fleetsSeen} different fleets in ${looks.looks} looks`,
      holds: looks.fleets.size === 1,
    },
    {
      what: "presence and fleet say complete: false, and answer",
      found: `${looks.complete} said true, ${looks.failed} looks failed`,
      holds: looks.looks > 0 && looks.complete === 0 && looks.failed === 0,
    },
    {
      what: "presence is complete again by itself",
      found: seconds(presenceCompleteS),
      holds: presenceCompleteS !== undefined,
    },
    {
      what: `deliveries are back under ${calmMs} ms, or what they were before`,
      found: seconds(deliveriesCalmS),
      holds: deliveriesCalmS !== undefined,
    },
    { what: "no promise is broken (C1 to C11)", found: JSON.stringify(report.violations), holds: isClean(report) },
  ];
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
