import type { ChannelId, UserId } from "@parley/protocol";
import type { LogEvent } from "@parley/store";
import { contentHash, directChannelId, groupChannelId } from "../channel/content-hash.ts";
import type { BusFaults } from "./bus-model.ts";
import { Random } from "./random.ts";
import type { StoreFaults } from "./store-model.ts";

/** What somebody will ask for. What it points at is chosen when it is sent, by `choice`. */
export interface PlannedWish {
  readonly at: number;
  readonly device: number;
  readonly channel: ChannelId;
  readonly kind:
    | "message"
    | "edit"
    | "delete"
    | "reaction"
    | "invite"
    | "remove"
    | "leave"
    | "role"
    | "create"
    | "page";
  readonly user: UserId;
  readonly choice: number;
  /** Once, past the outbox, under the id of an earlier request of the same user: what no SDK would do. */
  readonly isRaw: boolean;
}

export type Fault = { readonly at: number } & (
  | { readonly kind: "kill"; readonly server: number; readonly downMs: number }
  /** The process stands still. `isGivenUp`: its gateways notice. */
  | { readonly kind: "stall"; readonly server: number; readonly ms: number; readonly isGivenUp: boolean }
  /** Leaves the ring, sends its sessions on, ends, and is started anew. */
  | { readonly kind: "drain"; readonly server: number; readonly downMs: number }
  /** Out of the ring and back, as others see it. */
  | { readonly kind: "flap"; readonly server: number; readonly times: number }
  /** Alone cut off from the registry. */
  | { readonly kind: "blind"; readonly server: number; readonly ms: number }
  | { readonly kind: "registry"; readonly ms: number; readonly isEmptied: boolean }
  | { readonly kind: "election"; readonly channel: ChannelId }
  | { readonly kind: "store"; readonly ms: number; readonly faults: StoreFaults }
  | { readonly kind: "bus"; readonly ms: number; readonly faults: BusFaults }
  | { readonly kind: "bus-away"; readonly ms: number }
  | { readonly kind: "gateway"; readonly gateway: number; readonly downMs: number }
  | { readonly kind: "reconnect"; readonly device: number }
  | { readonly kind: "move"; readonly device: number }
  /** It goes for good. */
  | { readonly kind: "away"; readonly device: number }
);

export interface PlannedDevice {
  readonly user: UserId;
  /** Names `prev`, as the SDK does. */
  readonly isChained: boolean;
  readonly window: number;
}

/** One run, complete: the same scenario gives the same run, and a part of it is a scenario too. */
export interface Scenario {
  readonly seed: number;
  readonly servers: number;
  readonly gateways: number;
  /** By how much each server's clock is wrong, ms. */
  readonly skewsMs: readonly number[];
  readonly devices: readonly PlannedDevice[];
  readonly initial: ReadonlyMap<ChannelId, readonly LogEvent[]>;
  readonly wishes: readonly PlannedWish[];
  readonly faults: readonly Fault[];
  /** When all faults end, ms. */
  readonly healAt: number;
  /** Events that a page of the store holds: few, so that there are pages, and a sequencer must look up. */
  readonly pageEvents: number;
}

export const hashKey = "simulation";
/** The id of the one request that makes the group. */
export const createId = "create";
export const group: ChannelId = groupChannelId(hashKey, "ada", createId);
export const direct: ChannelId = directChannelId(hashKey, "ada", "bob");
export const healAt = 7_000;
export const logLimits = { queueMax: 24, runMax: 5, membersMax: 4 };

export function nodeName(server: number): string {
  return `chat-${server}`;
}

/** A scenario from a seed. */
export function planScenario(seed: number): Scenario {
  const random = new Random(seed);
  const users: UserId[] = ["ada", "bob", "cyd", "dan"].slice(0, random.between(3, 4));
  const devices: PlannedDevice[] = [];
  for (const user of users) {
    for (let n = random.between(1, 2); n > 0; n--) {
      devices.push({ user, isChained: random.chance(0.6), window: random.between(1, 4) });
    }
  }
  const servers = random.between(2, 3);
  const bursts = Array.from({ length: random.between(2, 6) }, () => random.between(40, healAt - 1_000));
  const gateways = random.between(1, 2);
  const hasDirect = random.chance(0.3);
  const isBegun = random.chance(0.6);
  const initial = new Map<ChannelId, readonly LogEvent[]>();
  if (isBegun) {
    const log = begun(users.slice(0, random.between(2, users.length)), random);
    // Now and then a log that was restored with holes in it.
    const isRestored = random.chance(0.06);
    const holes = isRestored ? Array.from({ length: 3 }, () => random.between(2, log.length)) : [];
    initial.set(
      group,
      log.filter(({ seq }) => seq === log.length || !holes.includes(seq)),
    );
  }
  return {
    seed,
    servers,
    gateways,
    skewsMs: Array.from({ length: servers }, () => (random.chance(0.15) ? random.pick([-3_600_000, 3_600_000]) : 0)),
    devices,
    initial,
    wishes: planWishes(random, bursts, devices, users, hasDirect, isBegun),
    faults: planFaults(random, bursts, servers, gateways, devices.length, hasDirect),
    healAt,
    pageEvents: random.between(1, 5),
  };
}

/** The same without requests under the id of another: an SDK makes none. */
export function withoutRaw(scenario: Scenario): Scenario {
  return { ...scenario, wishes: scenario.wishes.filter(({ isRaw }) => !isRaw) };
}

function planWishes(
  random: Random,
  bursts: readonly number[],
  devices: readonly PlannedDevice[],
  users: readonly UserId[],
  hasDirect: boolean,
  isBegun: boolean,
): PlannedWish[] {
  const wishes: PlannedWish[] = [];
  const base = { isRaw: false, choice: 0, user: users[1] ?? "", device: 0 };
  if (!isBegun) wishes.push({ ...base, at: random.below(50), channel: group, kind: "create" });
  if (hasDirect) {
    const at = random.below(100);
    const bob = devices.findIndex((device) => device.user === users[1]);
    const ada = users[0] ?? "";
    wishes.push({ ...base, at, channel: direct, kind: "create" });
    wishes.push({ ...base, at: at + random.below(20), device: bob, user: ada, channel: direct, kind: "create" });
  }
  const kinds = [
    ..."mmmmmmmmm".split("").map(() => "message" as const),
    ...(["edit", "edit", "delete", "reaction", "page", "page"] as const),
    ...(["invite", "invite", "invite", "remove", "remove", "leave", "role"] as const),
  ];
  // Bursts: what meets in one run of the log is asked for within a few milliseconds.
  for (const at of bursts) {
    const spread = random.pick([3, 20, 200]);
    for (let n = random.between(2, 8); n > 0; n--) {
      wishes.push({
        at: at + random.below(spread),
        device: random.below(devices.length),
        channel: hasDirect && random.chance(0.25) ? direct : group,
        kind: random.pick(kinds),
        user: random.pick(users),
        choice: random.below(1_000),
        isRaw: random.chance(0.06),
      });
    }
  }
  return wishes.sort((a, b) => a.at - b.at);
}

function planFaults(
  random: Random,
  bursts: readonly number[],
  servers: number,
  gateways: number,
  devices: number,
  hasDirect: boolean,
): Fault[] {
  const faults: Fault[] = [];
  const intensity = random.pick([1, 3, 6, 10]);
  for (let n = random.below(intensity + 1) + (intensity >> 1); n > 0; n--) {
    // Most of them where something is asked for.
    const isNear = random.chance(0.75);
    const at = isNear ? Math.max(0, random.pick(bursts) + random.between(-400, 250)) : random.below(healAt - 100);
    const ms = random.between(50, random.pick([500, 1_500, 4_500]));
    const server = random.below(servers);
    const device = random.below(devices);
    const channel = hasDirect && random.chance(0.3) ? direct : group;
    const rate = (): number => random.pick([0, 0, 0.1, 0.3, 0.6]);
    switch (random.below(18)) {
      case 0:
        faults.push({ at, kind: "kill", server, downMs: ms });
        break;
      case 1:
      case 2:
        faults.push({ at, kind: "stall", server, ms, isGivenUp: random.chance(0.7) });
        break;
      case 3:
      case 4:
        faults.push({ at, kind: "flap", server, times: random.between(1, 4) });
        break;
      case 5:
        faults.push({ at, kind: "blind", server, ms });
        break;
      case 6:
        faults.push({ at, kind: "registry", ms, isEmptied: random.chance(0.3) });
        break;
      case 7:
        faults.push({ at, kind: "drain", server, downMs: ms });
        break;
      case 8:
        faults.push({ at, kind: "election", channel });
        break;
      case 9:
      case 10:
      case 11: {
        const hasElection = random.chance(0.4);
        const lagMs = random.pick(hasElection ? [40, 300] : [8, 40, 300]);
        const rates = { lostReply: rate(), lostRequest: rate() / 2, late: rate(), failedRead: rate() / 2, lagMs };
        faults.push({ at, kind: "store", ms, faults: rates });
        if (hasElection) faults.push({ at: at + random.below(ms), kind: "election", channel });
        break;
      }
      case 12:
      case 13:
        faults.push({
          at,
          kind: "bus",
          ms,
          faults: { drop: rate(), double: rate(), delayMs: random.pick([5, 50, 300]) },
        });
        break;
      case 14:
        faults.push({ at, kind: "bus-away", ms });
        break;
      case 15:
        faults.push({ at, kind: "reconnect", device });
        break;
      case 16:
        faults.push({ at, kind: "move", device });
        break;
      default:
        if (random.chance(0.7)) faults.push({ at, kind: "gateway", gateway: random.below(gateways), downMs: ms });
        else faults.push({ at, kind: "away", device });
    }
  }
  return faults.sort((a, b) => a.at - b.at);
}

/** A channel that has stood for a while. */
function begun(members: readonly UserId[], random: Random): LogEvent[] {
  const channel = group;
  const log: LogEvent[] = [
    {
      channel,
      seq: 1,
      sender: members[0] ?? "",
      id: "begun",
      time: 0,
      ordinal: 0,
      control: 0,
      hash: contentHash(hashKey, { kind: "create", channelKind: "group", members: members.slice(1) }),
      body: {
        kind: "created",
        channelKind: "group",
        members: members.map((user, at) => ({ user, role: at === 0 ? "owner" : "member" })),
      },
    },
  ];
  for (let n = random.below(7); n > 0; n--) {
    const text = `begun ${n}`;
    log.push({
      channel,
      seq: log.length + 1,
      sender: random.pick(members),
      id: `begun-${n}`,
      time: 0,
      ordinal: log.length,
      control: 1,
      hash: contentHash(hashKey, { kind: "message", text }),
      body: { kind: "message", text },
    });
  }
  return log;
}
