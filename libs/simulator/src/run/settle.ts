import { createChannelLogs } from "../checker/channel-log.ts";
import type { History } from "../history/history.ts";
import type { Observer } from "../history/observed-socket.ts";
import type { Device } from "../people/device.ts";
import type { Rooms } from "../people/rooms.ts";
import { recordFinalLogs } from "./final-log.ts";

export interface SettleOptions {
  readonly history: History;
  readonly observer: Observer;
  readonly devices: readonly Device[];
  readonly rooms: Rooms;
  readonly url: string;
  readonly tokenOf: (user: string) => string;
  /** C9 gives ten seconds. */
  readonly withinMs: number;
  /** How much longer to wait for those who are late, so that it is known how late they were. */
  readonly lateWithinMs: number;
  /** Called every so often while it waits. */
  readonly nudge: () => void;
}

/**
 * After the load: waits until every outbox is empty, reads the final logs, waits until every device of every member has
 * reached the heads, and records how far each one got. Gives up waiting in time; the checker then tells who is behind.
 */
export async function settle(options: SettleOptions): Promise<void> {
  const { history, observer, devices, rooms, url, tokenOf, withinMs, lateWithinMs, nudge } = options;
  const { now } = observer;
  const isQuiet = (): boolean => devices.every((device) => device.outbox() === 0);
  const record = (): void => {
    for (const device of devices) {
      const { user, plan } = device;
      const outbox = device.outbox();
      history.record({ line: "settled", at: now(), user, device: plan.device, reached: device.reached(), outbox });
    }
  };
  const isInTime = await waitUntil(isQuiet, withinMs, now, nudge);
  if (!isInTime) {
    record();
    // Late is late (C9). But of a log that is read while acks still come in, some would seem to be missing: whoever is
    // not done in the end hears no more of them.
    const isDone = await waitUntil(isQuiet, lateWithinMs, now, nudge);
    if (!isDone) {
      const closing = devices.map((device) => device.close());
      // Some answers are on their way.
      observer.deafen();
      await Promise.all(closing);
    }
  }

  for (const [user, channels] of channelsByReader(history, rooms)) {
    await recordFinalLogs(history, { url, user, token: tokenOf(user), channels }, now);
  }
  if (!isInTime) return;

  const logs = [...createChannelLogs(history).values()];
  const headsOf = new Map(
    devices.map(({ user }) => [
      user,
      logs.filter((log) => log.memberships(user).at(-1)?.to === Number.POSITIVE_INFINITY),
    ]),
  );
  const isThere = (device: Device): boolean => {
    const reached = device.reached();
    return (headsOf.get(device.user) ?? []).every(({ channel, head }) => reached[channel] === head);
  };
  await waitUntil(() => devices.every(isThere), withinMs, now, nudge);
  record();
}

/** By somebody who is in from the first event on: every channel in which anything was acked, whoever still speaks there. */
function channelsByReader(history: History, rooms: Rooms): ReadonlyMap<string, readonly string[]> {
  const readers = new Map<string, string>();
  for (const { channel, owner } of rooms.all.values()) readers.set(channel, owner);
  for (const { user, attempts, acks } of history.requests.values()) {
    if (attempts[0].invoke.type !== "channel.create") continue;
    // A wish that took too long was wished again; its channel is there and nobody knows.
    for (const { channel } of acks) if (!readers.has(channel)) readers.set(channel, user);
  }
  const channels = new Map<string, string[]>();
  for (const [channel, user] of readers) channels.set(user, [...(channels.get(user) ?? []), channel]);
  return channels;
}

const lookEveryMs = 100;

/** Resolves to whether it was done in time. */
async function waitUntil(
  isDone: () => boolean,
  withinMs: number,
  now: () => number,
  nudge: () => void,
): Promise<boolean> {
  const end = now() + withinMs;
  while (!isDone() && now() < end) {
    nudge();
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
  }
  return isDone();
}
