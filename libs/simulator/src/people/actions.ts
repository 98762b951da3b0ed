import type { SendContent } from "@parley/client";
import type { Random } from "../random.ts";
import type { Device } from "./device.ts";
import type { Room, Rooms } from "./rooms.ts";
import { drawReaction, drawText } from "./texts.ts";

export interface Actor {
  readonly user: string;
  readonly devices: readonly Device[];
  readonly random: Random;
  readonly rooms: Rooms;
  /** All user ids, for invitations. */
  readonly everyone: readonly string[];
}

/** Does one thing that people do, on one of this person's devices. Waits for nothing but reads. */
export async function act(actor: Actor): Promise<void> {
  const { user, devices, random, rooms } = actor;
  const device = random.pick(devices);
  const room = pickRoom(random, rooms.of(user));
  if (room === undefined) return;
  const chance = random.fraction();
  if (chance < 0.7) return say(actor, device, room);
  if (chance < 0.77) return change(actor, device, room, "edit");
  if (chance < 0.8) return change(actor, device, room, "delete");
  if (chance < 0.88) return react(actor, device, room);
  if (!device.isOnline) return;
  if (chance < 0.93) return markRead(device, room);
  if (chance < 0.97) return readBack(actor, device, room);
  return changeMembers(actor, device, room);
}

function pickRoom(random: Random, rooms: readonly Room[]): Room | undefined {
  const total = rooms.reduce((sum, { weight }) => sum + weight, 0);
  let rest = random.fraction() * total;
  for (const room of rooms) {
    rest -= room.weight;
    if (rest <= 0) return room;
  }
  return undefined;
}

function say({ random }: Actor, device: Device, room: Room): void {
  if (device.isOnline && random.chance(0.3)) device.client.typing(room.channel);
  const answered = random.chance(0.1) ? room.recent.at(-1) : undefined;
  const content: SendContent = {
    text: drawText(random),
    ...(answered === undefined ? {} : { replyTo: answered.seq, mentions: [answered.sender] }),
    ...(random.chance(0.05)
      ? { data: { place: { lat: random.fraction() * 90, name: drawText(random).slice(0, 60) } } }
      : {}),
  };
  device.client.send(room.channel, content);
  // Now and then somebody presses the key three times.
  if (random.chance(0.05)) for (const text of ["…", "?", "!!"]) device.client.send(room.channel, { text });
}

function change({ user, random }: Actor, device: Device, room: Room, what: "edit" | "delete"): void {
  const own = room.recent.filter(({ sender }) => sender === user);
  if (own.length === 0) return;
  const { seq } = random.pick(own);
  if (what === "edit") device.client.edit(room.channel, seq, drawText(random));
  else device.client.delete(room.channel, seq);
}

function react({ random }: Actor, device: Device, room: Room): void {
  if (room.recent.length === 0) return;
  const { seq } = random.pick(room.recent);
  device.client.react(room.channel, seq, drawReaction(random), random.chance(0.2) ? { remove: true } : {});
}

function markRead(device: Device, room: Room): void {
  const seq = device.reached()[room.channel];
  if (seq !== undefined && seq > 0) device.client.markRead(room.channel, seq);
}

/** Scrolls up through a few pages, or looks at what came after something. */
async function readBack({ random }: Actor, device: Device, room: Room): Promise<void> {
  if (random.chance(0.3)) {
    const reached = device.reached()[room.channel] ?? 0;
    await device.client.history(room.channel, { after: Math.max(0, reached - random.integer(0, 60)), limit: 50 });
    return;
  }
  let before: number | undefined;
  for (let page = 0; page < 3; page++) {
    const { events, complete } = await device.client.history(room.channel, {
      limit: 20,
      ...(before === undefined ? {} : { before }),
    });
    before = events[0]?.seq;
    if (complete || before === undefined) return;
  }
}

async function changeMembers({ user, random, everyone }: Actor, device: Device, room: Room): Promise<void> {
  if (room.kind === "direct") return;
  if (room.owner !== user) {
    if (random.chance(0.15)) await device.client.leave(room.channel);
    return;
  }
  const others = [...room.members].filter((member) => member !== user);
  if (random.chance(0.5) && others.length > 1) await device.client.remove(room.channel, random.pick(others));
  else await device.client.invite(room.channel, random.pick(everyone.filter((one) => !room.members.has(one))));
}
