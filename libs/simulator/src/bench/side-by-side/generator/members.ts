import { forEachLimited } from "../../../run/limited.ts";
import { spreadOf } from "../../clients/figures.ts";
import type { BareSocket, SocketListener } from "./bare-socket.ts";
import type { Opened, OpenOrder } from "./messages.ts";
import { openParley } from "./parley-socket.ts";
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
      const members = split(count, size);
      const names: string[] = [];
      await forEachLimited([...members.entries()], creatingMax, async ([index, [first = 0, ...others]]) => {
        names[index] = (await sockets[first]?.createRoom(`room-${size}-${index}`, others.map(userName))) ?? "";
      });
      rooms.set(size, { names, members });
    }
    return done(sockets, seconds);
  }
  const sockets = await connect((member, url) => openSocketIo(url, userName(member), listenerOf(member)));
  const seconds = (performance.now() - beganAt) / 1_000;
  for (const size of roomSizes) {
    const members = split(count, size);
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

/** Neighbours share a room. A rest that fills no room is left out. */
function split(members: number, size: number): readonly (readonly number[])[] {
  return Array.from({ length: Math.floor(members / size) }, (_, room) =>
    Array.from({ length: size }, (_, place) => room * size + place),
  );
}
