/** A system under the fixed load, and what stands around that load. */
export interface Setup {
  readonly gateways: number;
  readonly chatServers: number;
  /** Connected people; those that no room has a place for are merely there. */
  readonly users: number;
  readonly rooms: number;
  readonly members: number;
  /** Further rooms that each of them is in and nobody writes to. */
  readonly quietRooms: number;
  /** Sends a second over all rooms. */
  readonly perS: number;
  /** Events that the one room holds before anything is measured; pages of it and resumes in it are measured then. */
  readonly historyEvents: number;
  /** Whether connects of the same people are measured after the load. */
  readonly hasConnects: boolean;
}

export type AxisName = "users" | "channels" | "members" | "history" | "channels-a-user" | "chat-servers" | "gateways";

/** One thing that grows while everything else stands. */
export interface Axis {
  readonly name: AxisName;
  readonly title: string;
  readonly sizes: readonly number[];
  /** What is fixed on this axis, for a reader. */
  readonly fixed: string;
  setup(size: number): Setup;
}

/** Modest: some tenth of what two cores can do, so that hardly two messages ever meet in one tick, on any axis. */
const perS = 200;
const base: Setup = {
  gateways: 2,
  chatServers: 2,
  users: 1_000,
  rooms: 100,
  members: 10,
  quietRooms: 0,
  perS,
  historyEvents: 0,
  hasConnects: false,
};

export const axes: readonly Axis[] = [
  {
    name: "users",
    title: "users connected",
    sizes: [100, 1_000, 10_000],
    fixed: "10 rooms of 10, 200 sends/s; the others are merely connected",
    setup: (size) => ({ ...base, users: size, rooms: 10, hasConnects: true }),
  },
  {
    name: "channels",
    title: "channels",
    sizes: [10, 100, 1_000],
    fixed: "4,000 users, 4 members a channel, 200 sends/s spread over all channels",
    setup: (size) => ({ ...base, users: 4_000, members: 4, rooms: size }),
  },
  {
    name: "members",
    title: "members a channel",
    sizes: [10, 100, 1_000],
    // 1,000 members make 25,000 deliveries/s of 25 sends/s: more would be near the end of two cores.
    fixed: "5,000 users, 5 channels, 25 sends/s",
    setup: (size) => ({ ...base, users: 5_000, rooms: 5, members: size, perS: 25 }),
  },
  {
    name: "history",
    title: "events in the history of a channel",
    sizes: [1_000, 10_000, 100_000],
    // At 50 a second the shortest history does not double while it is measured.
    // One chat server: of two, the one channel's would be near more or fewer of its members by chance.
    fixed: "1 chat server, 50 users, 1 channel of 10, 50 sends/s; before it pages of 50 events, and resumes owed 50",
    setup: (size) => ({ ...base, chatServers: 1, users: 50, rooms: 1, perS: 50, historyEvents: size }),
  },
  {
    name: "channels-a-user",
    title: "channels a user",
    sizes: [2, 20, 200],
    fixed: "300 users, channels of 10, 200 sends/s to 30 of them",
    setup: (size) => ({ ...base, users: 300, rooms: 30, quietRooms: size - 1, hasConnects: true }),
  },
  {
    name: "chat-servers",
    title: "chat servers",
    sizes: [1, 2, 4, 8],
    fixed: "2 gateways, 1,000 users, 100 channels of 10, 200 sends/s",
    setup: (size) => ({ ...base, chatServers: size }),
  },
  {
    name: "gateways",
    title: "gateways",
    sizes: [1, 2, 4, 8],
    fixed: "2 chat servers, 1,000 users, 100 channels of 10, 200 sends/s",
    setup: (size) => ({ ...base, gateways: size }),
  },
];

export function isAxisName(text: string): text is AxisName {
  return axes.some(({ name }) => name === text);
}
