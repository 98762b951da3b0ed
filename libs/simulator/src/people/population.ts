import type { Random } from "../random.ts";

export interface Person {
  readonly user: string;
  readonly devices: readonly DevicePlan[];
  /** Mean ms between two things that this person does. */
  readonly pauseMs: number;
}

export interface DevicePlan {
  readonly device: string;
  /** How its program reads: as fast as it can, with handlers that take their time, or now and then not at all. */
  readonly reading: "fast" | "lazy" | "stalling";
  /** Mean ms between two ends of its connection. */
  readonly connectedMs: number;
}

export interface ChannelPlan {
  readonly kind: "direct" | "group";
  /** Index of the person who makes it and stays. */
  readonly owner: number;
  /** Indexes of the others at the start. */
  readonly members: readonly number[];
  /** How much of all that is said is said here. */
  readonly weight: number;
}

export interface Population {
  readonly people: readonly Person[];
  readonly channels: readonly ChannelPlan[];
}

export interface PopulationOptions {
  readonly users: number;
  readonly channels: number;
  /** Over all people, a second. */
  readonly messagesPerS: number;
  /** Put before every user id, so that two runs on one system do not meet. */
  readonly prefix: string;
  /** Connections end so many times sooner than in life; for short runs. Default 1. */
  readonly restlessness?: number;
}

/**
 * People as they are: a few talk much and most little (log-normal, sigma 1.2), a few groups hold a hundred or more and
 * most two to ten (a power law), half of the people own one device, some three; one device in twelve reads slowly.
 */
export function drawPopulation(random: Random, options: PopulationOptions): Population {
  const { users, channels, messagesPerS, prefix, restlessness = 1 } = options;
  const energies = Array.from({ length: users }, () => random.logNormal(1, 1.2));
  const energy = energies.reduce((sum, one) => sum + one, 0);
  const people = energies.map((own, index): Person => {
    const perS = (messagesPerS * own) / energy;
    return {
      user: `${prefix}${index}`,
      devices: drawDevices(random, restlessness),
      pauseMs: Math.min(600_000, 1_000 / perS),
    };
  });
  return { people, channels: drawChannels(random, users, channels) };
}

const deviceNames = ["phone", "desk", "tablet"] as const;

function drawDevices(random: Random, restlessness: number): readonly DevicePlan[] {
  const draw = random.fraction();
  const count = draw < 0.5 ? 1 : draw < 0.85 ? 2 : 3;
  return deviceNames.slice(0, count).map((device) => {
    const chance = random.fraction();
    return {
      device,
      reading: chance < 0.04 ? "stalling" : chance < 0.08 ? "lazy" : "fast",
      connectedMs: random.logNormal(device === "phone" ? 25_000 : 90_000, 0.8) / restlessness,
    };
  });
}

function drawChannels(random: Random, users: number, count: number): readonly ChannelPlan[] {
  const everyone = Array.from({ length: users }, (_, index) => index);
  const pairs = new Set<string>();
  const channels: ChannelPlan[] = [];
  for (let rank = 1; rank <= count; rank++) {
    const [owner = 0, ...others] = random.sample(everyone, Math.min(users, drawSize(random, rank, users)));
    const pair = [owner, others[0]].sort().join("-");
    // The direct channel of two people is one and the same, however often it is asked for.
    const isDirect = others.length === 1 && !pairs.has(pair) && random.chance(0.7);
    if (isDirect) pairs.add(pair);
    channels.push({
      kind: isDirect ? "direct" : "group",
      owner,
      members: others,
      // Zipf: the second busiest carries half of the busiest; bigger rooms are not busier a head.
      weight: 1 / random.integer(1, count),
    });
  }
  return channels;
}

/** Sizes by rank: the first few are big, then a power law with exponent 1.6 from 2 up. */
function drawSize(random: Random, rank: number, users: number): number {
  const big = [0.3, 0.22, 0.2][rank - 1];
  if (big !== undefined && users >= 100) return Math.max(100, Math.floor(users * big));
  const drawn = Math.floor(2 * (1 - random.fraction()) ** (-1 / 1.6));
  return Math.max(2, Math.min(drawn, 60, users));
}
