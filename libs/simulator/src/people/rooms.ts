import type { ClientEvents } from "@parley/client";

type Event = ClientEvents["event"];

export interface RecentMessage {
  readonly seq: number;
  readonly sender: string;
}

/** A channel as the people of the run know it: what has been delivered to any of their devices so far. */
export interface Room {
  readonly channel: string;
  readonly kind: "direct" | "group";
  readonly owner: string;
  readonly weight: number;
  readonly members: ReadonlySet<string>;
  readonly recent: readonly RecentMessage[];
}

/** Everyone's knowledge in one place, so that people pick channels and messages that are most likely there. */
export interface Rooms {
  add(room: Pick<Room, "channel" | "kind" | "owner" | "weight">, members: readonly string[]): void;
  note(event: Event): void;
  of(user: string): readonly Room[];
  readonly all: ReadonlyMap<string, Room>;
}

/** What people still talk about; older messages are left alone. */
const recentMax = 30;

interface MutableRoom extends Room {
  readonly members: Set<string>;
  readonly recent: RecentMessage[];
  noted: number;
}

export function createRooms(): Rooms {
  const rooms = new Map<string, MutableRoom>();
  const byUser = new Map<string, Set<MutableRoom>>();
  const join = (room: MutableRoom, user: string): void => {
    room.members.add(user);
    const known = byUser.get(user) ?? new Set();
    byUser.set(user, known.add(room));
  };
  const leave = (room: MutableRoom, user: string): void => {
    room.members.delete(user);
    byUser.get(user)?.delete(room);
  };
  return {
    all: rooms,
    of: (user) => [...(byUser.get(user) ?? [])],
    add(room, members) {
      if (rooms.has(room.channel)) return;
      const added: MutableRoom = { ...room, members: new Set(), recent: [], noted: 0 };
      rooms.set(room.channel, added);
      for (const member of members) join(added, member);
    },
    note(event) {
      const room = rooms.get(event.channel);
      // Each event comes to many devices; only the first sight of it is news.
      if (room === undefined || event.seq <= room.noted) return;
      room.noted = event.seq;
      if (event.kind === "message") {
        room.recent.push({ seq: event.seq, sender: event.sender });
        if (room.recent.length > recentMax) room.recent.shift();
      } else if (event.kind === "delete") {
        const at = room.recent.findIndex(({ seq }) => seq === event.target);
        if (at >= 0) room.recent.splice(at, 1);
      } else if (event.kind === "member") {
        if (event.change === "joined") join(room, event.user);
        else if (event.change !== "role") leave(room, event.user);
      }
    },
  };
}
