import { createRandom } from "../../../random.ts";
import { forEachLimited } from "../../../run/limited.ts";
import { spreadOf } from "../../clients/figures.ts";
import type { BareSocket, SocketListener } from "./bare-socket.ts";
import type { Opened, OpenOrder } from "./messages.ts";
import { openParley, type ParleySocket } from "./parley-socket.ts";
import { openSocketIo } from "./socket-io-socket.ts";

/** The rooms of one size: names as the system knows them, and members by room. */
export interface Rooms {
  readonly names: readonly string[];
  readonly members: readonly (readonly number[])[];
}

export interface Members {
  readonly sockets: readonly BareSocket[];
  readonly rooms: ReadonlyMap<number, Rooms>;
  readonly opened: Opened;
}

const creatingMax = 8;

/** Opens every member's socket and makes the rooms. **Errors**: rejects where one can't be. */
export async function openMembers(order: OpenOrder, listenerOf: (member: number) => SocketListener): Promise<Members> {
  const { members: count, roomSizes } = order;
  const rooms = new Map<number, Rooms>();
  const connectMs: number[] = [];
  const all = [...Array(count).keys()];
  const beganAt = performance.now();
  const connect = async <T>(open: (member: number, url: string) => Promise<T>): Promise<readonly T[]> => {
    const opened: T[] = [];
    await forEachLimited(all, order.openingMax, async (member) => {
      const at = performance.now();
      opened[member] = await open(member, order.urls[member % order.urls.length] ?? "");
      connectMs.push(performance.now() - at);
    });
    return opened;
  };
  const done = (sockets: readonly BareSocket[], seconds: number): Members => {
    return { sockets, rooms, opened: { kind: "opened", connectMs: spreadOf(connectMs), seconds } };
  };
  if (order.protocol === "parley") {
    const sockets = await connect((member, url) => openParley(url, order.tokens[member] ?? "", listenerOf(member)));
    const seconds = (performance.now() - beganAt) / 1_000;
    for (const size of roomSizes) {
      const members = split(all, size, order.roomsMax);
      rooms.set(size, { names: await createRooms(sockets, members, `room-${size}`), members });
      for (let round = 0; round < (order.quietRooms ?? 0); round++) {
        const others = split(createRandom(round + 1).sample(all, count), size, order.roomsMax);
        await createRooms(sockets, others, `quiet-${size}-${round}`);
      }
    }
    return done(sockets, seconds);
  }
  const sockets = await connect((member, url) => openSocketIo(url, userName(member), listenerOf(member)));
  const seconds = (performance.now() - beganAt) / 1_000;
  for (const size of roomSizes) {
    const members = split(all, size, order.roomsMax);
    const names = members.map((_, index) => `room-${size}-${index}`);
    const joins = members.flatMap((list, index) => list.map((member) => sockets[member]?.join(names[index] ?? "")));
    await Promise.all(joins);
    rooms.set(size, { names, members });
  }
  return done(sockets, seconds);
}

export function userName(member: number): string {
  return `u${member}`;
}

/** Their ids, in the same order. **Errors**: rejects where one is refused for good. */
async function createRooms(
  sockets: readonly ParleySocket[],
  rooms: readonly (readonly number[])[],
  name: string,
): Promise<readonly string[]> {
  const ids: string[] = [];
  await forEachLimited([...rooms.entries()], creatingMax, async ([index, [first = 0, ...others]]) => {
    ids[index] = (await sockets[first]?.createRoom(`${name}-${index}`, others.map(userName))) ?? "";
  });
  return ids;
}

/** Neighbours in the list share a room. A rest that fills no room is left out. */
function split(members: readonly number[], size: number, roomsMax = Infinity): readonly (readonly number[])[] {
  const rooms = Math.min(roomsMax, Math.floor(members.length / size));
  return Array.from({ length: rooms }, (_, room) => members.slice(room * size, (room + 1) * size));
}
