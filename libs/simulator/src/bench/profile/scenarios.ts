/** What a system does while it is profiled. */
export interface Scenario {
  readonly name: string;
  readonly about: string;
  /** Members in all, each on a socket of its own. */
  readonly members: number;
  /** Members of each room. */
  readonly roomSize: number;
  /** Messages under way at once where it is to be saturated: enough that more make no more deliveries a second. */
  readonly inFlight: number;
  readonly kind: "talk" | "idle" | "connect";
}

const talk = (roomSize: number, inFlight: number): Scenario => ({
  name: `rooms-${roomSize}`,
  about: `1,000 people in rooms of ${roomSize}, everybody writes`,
  members: 1_000,
  roomSize,
  inFlight,
  kind: "talk",
});

export const scenarios: readonly Scenario[] = [
  talk(2, 250),
  talk(10, 250),
  talk(100, 250),
  talk(1_000, 100),
  { name: "idle", about: "1,000 people, nobody writes", members: 1_000, roomSize: 10, inFlight: 0, kind: "idle" },
  {
    name: "connects",
    about: "people connect as fast as they are let in; no rooms",
    members: 5_000,
    roomSize: 10,
    inFlight: 0,
    kind: "connect",
  },
];

/** How the roles are spread over processes. */
export type Layout = "joined" | "split" | "embedded";

export const layouts: Readonly<Record<Layout, { readonly command: "start" | "cluster"; readonly args: string[] }>> = {
  joined: { command: "cluster", args: ["--joined", "2"] },
  split: { command: "cluster", args: ["--gateways", "2", "--chat-servers", "2"] },
  embedded: { command: "start", args: [] },
};

export function isLayout(text: string): text is Layout {
  return Object.hasOwn(layouts, text);
}

/** How fast is sent; `half`: of what it was just measured to do when saturated. */
export type ProfilePace = "saturated" | "half" | { readonly perS: number };
