import type { Spread } from "../../clients/figures.ts";
import type { Faults, WindowFigures } from "./tally.ts";

/** What a generator process is asked for, and what it answers. */
export type Protocol = "parley" | "socket.io";

export interface OpenOrder {
  readonly kind: "open";
  readonly protocol: Protocol;
  /** Member `i` connects to address `i` modulo their number, so that neighbours are always on different servers. */
  readonly urls: readonly string[];
  readonly members: number;
  /** Of each member; Socket.IO's servers ask for none. */
  readonly tokens: readonly string[];
  /** Members of a room; each member is in one room of each size. */
  readonly roomSizes: readonly number[];
  /** Rooms of each size at most; who is in none is merely connected. Default: as many as the members fill. */
  readonly roomsMax?: number;
  /** Further rooms of each size that each member is in and nobody writes to, with others each time; default none. */
  readonly quietRooms?: number;
  /** At most so many sockets are opened at once. */
  readonly openingMax: number;
}

export interface Opened {
  readonly kind: "opened";
  readonly connectMs: Spread;
  readonly seconds: number;
}

/** Closed: so many messages are under way at once, the next when one is acked. Open: so many a second, come what may. */
export type Pace =
  | { readonly kind: "closed"; readonly inFlight: number }
  | { readonly kind: "open"; readonly perS: number };

export interface PhaseOrder {
  readonly kind: "phase";
  readonly roomSize: number;
  readonly pace: Pace;
  /** Who sends: the first so many members of each room; default all. */
  readonly sendersARoom?: number;
  readonly warmS: number;
  readonly windowS: number;
  readonly seed: number;
  /** How long deliveries that are owed are waited for at the end; default 10 s. */
  readonly settleWithinMs?: number;
  /** CPU and memory of these are read at both ends of the window. */
  readonly pids: readonly number[];
}

export interface ProcessUse {
  readonly pid: number;
  readonly cpuS: number;
  /** Of `cpuS`, what the pool of libuv used: in a process with LMDB in it, its commits and hardly anything else. */
  readonly poolCpuS: number;
  readonly residentBytes: number;
}

export interface PhaseFigures extends WindowFigures, Faults {
  readonly kind: "figures";
  /** CPU of the generator itself over the window, of one core. */
  readonly busy: number;
  readonly processes: readonly ProcessUse[];
  /** Messages under way when the time for the rest was over. */
  readonly unsettled: number;
  readonly socketsClosed: number;
}

export type Order = OpenOrder | PhaseOrder;
export type Answer = Opened | PhaseFigures | { readonly kind: "failed"; readonly why: string };

export function isOrder(value: unknown): value is Order {
  return (
    typeof value === "object" && value !== null && "kind" in value && (value.kind === "open" || value.kind === "phase")
  );
}

export function isAnswer(value: unknown): value is Answer {
  return (
    typeof value === "object" &&
    value !== null &&
    "kind" in value &&
    (value.kind === "opened" || value.kind === "figures" || value.kind === "failed")
  );
}
