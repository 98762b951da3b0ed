import { ClientError, type CreateChannel } from "@parley/client";
import type { History } from "../history/history.ts";
import type { Observer } from "../history/observed-socket.ts";
import { act } from "../people/actions.ts";
import { liveWithConnections } from "../people/connections.ts";
import { createDevice, type Device } from "../people/device.ts";
import type { ChannelPlan, Person, Population } from "../people/population.ts";
import { createRooms, type Rooms } from "../people/rooms.ts";
import type { Random } from "../random.ts";
import { forEachLimited } from "./limited.ts";
import { type ShortTokens, tokenProvider } from "./short-tokens.ts";
import type { Timers } from "./timers.ts";

export interface CrowdOptions {
  readonly population: Population;
  readonly urls: readonly string[];
  readonly tokenOf: (user: string) => string;
  readonly shortTokens?: ShortTokens;
  readonly sendsTwice: boolean;
  readonly random: Random;
  readonly observer: Observer;
  readonly history: History;
}

/** A device ended or stalled its connection of its own accord. */
export interface Leave {
  readonly at: number;
  /** `user/device` */
  readonly device: string;
}

/** All people of a run with their devices and channels. */
export interface Crowd {
  readonly leaves: readonly Leave[];
  readonly devices: readonly Device[];
  readonly rooms: Rooms;
  /** Connects everyone and makes the channels. **Errors**: rejects where somebody can't connect at all. */
  gather(): Promise<void>;
  /** Lets everyone live until the timers stop. */
  live(timers: Timers): void;
  /** Brings everyone back online, reading. */
  calm(): void;
  close(): Promise<void>;
}

/** So many handshakes under way at once: a crowd that gathers is not a herd. */
const connectingMax = 40;
/** Channels are made a few at a time: each of a hundred members costs the store a write. */
const creatingMax = 8;
const createAttemptsMax = 5;
const watchersShare = 0.2;

export function createCrowd(options: CrowdOptions): Crowd {
  const { population, urls, tokenOf, shortTokens, sendsTwice, random, observer, history } = options;
  const rooms = createRooms();
  const leaves: Leave[] = [];
  const createDevices = ({ user, devices }: Person, index: number): readonly Device[] =>
    devices.map((plan) =>
      createDevice({
        user,
        plan,
        urls,
        sendsTwice,
        token: tokenProvider(user, index, tokenOf, shortTokens),
        random: random.fork(),
        observer,
        history,
        onEvent: rooms.note,
        onLeave: () => leaves.push({ at: observer.now(), device: `${user}/${plan.device}` }),
      }),
    );
  const people = population.people.map((person, index) => ({
    person,
    devices: createDevices(person, index),
    random: random.fork(),
  }));
  const devices = people.flatMap((one) => one.devices);
  const everyone = population.people.map(({ user }) => user);

  const createRoom = async ({ kind, owner: index, members: others, weight }: ChannelPlan): Promise<void> => {
    const owner = people[index];
    const [device] = owner?.devices ?? [];
    if (owner === undefined || device === undefined) return;
    const members = others.flatMap((other) => everyone[other] ?? []);
    const name = kind === "group" ? { name: `room ${index} 💬` } : {};
    const channel = await createUntilThere(device, { kind, members, ...name });
    rooms.add({ channel, kind, owner: owner.person.user, weight }, [owner.person.user, ...members]);
  };

  return {
    leaves,
    devices,
    rooms,
    async gather() {
      await forEachLimited(devices, connectingMax, async (device) => {
        await device.connect();
        if (random.chance(watchersShare)) await device.client.watchPresence(random.sample(everyone, 5));
      });
      await forEachLimited(population.channels, creatingMax, createRoom);
    },
    live(timers) {
      for (const { person, devices: own, random: chance } of people) {
        const actor = { user: person.user, devices: own, random: chance, rooms, everyone };
        timers.repeat(
          () => chance.exponential(person.pauseMs),
          () => act(actor),
        );
        for (const device of own) liveWithConnections(device, chance.fork(), timers);
      }
    },
    calm() {
      for (const device of devices) {
        device.goOn();
        if (!device.isOnline) device.goOnline();
        if (device.client.state.kind === "waiting") device.client.probe();
      }
    },
    close: () => forEachLimited(devices, connectingMax, (device) => device.close()),
  };
}

/**
 * A wish that timed out is wished again: should the first one come true too, there is a channel more, in which nobody
 * speaks. **Errors**: rejects with what the last attempt met.
 */
async function createUntilThere(device: Device, wanted: CreateChannel): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    try {
      return (await device.client.createChannel(wanted)).channel;
    } catch (cause) {
      if (attempt === createAttemptsMax || !(cause instanceof ClientError) || !cause.isUnknown) throw cause;
    }
  }
}
