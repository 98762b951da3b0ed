import type { EmbeddedSystem } from "./fleet/embedded.ts";
import type { Fleet } from "./fleet/fleet.ts";
import type { Arena } from "./run/arena.ts";

/** The load that people make while a row does its worst. */
export interface Load {
  readonly users: number;
  readonly channels: number;
  /** Sends, edits and so on over all people. */
  readonly actionsPerS: number;
  /** Connections end so many times sooner than in life. */
  readonly restlessness: number;
  /** Every frame goes out twice. */
  readonly sendsTwice: boolean;
}

export interface Shape {
  readonly gateways: number;
  readonly chatServers: number;
  /** Settings of all nodes, as `PARLEY_…`. */
  readonly environment: Readonly<Record<string, string>>;
  /** What one node has besides. */
  readonly environmentOf: (node: string, seed: number) => Readonly<Record<string, string>>;
}

interface RowFacts {
  /** Of the fault matrix, 1 to 20. */
  readonly number: number;
  /** The fault, in a few words. */
  readonly title: string;
  /** What exactly is done, in two or three sentences for a reader who does not know us. */
  readonly how: string;
  readonly load?: Partial<Load>;
  /** Undefined, or why this machine cannot run it, by name. */
  readonly whyNot?: () => Promise<string | undefined>;
}

/** A fault on the topology of `npm run cluster`: every part in a process of its own, a proxy on each connection. */
export interface ClusterRow extends RowFacts {
  readonly topology: "cluster";
  readonly shape?: Partial<Shape>;
  /**
   * Called when everyone is there and the load has begun. Waits a little, injects, heals. After it the runner heals
   * what is left, goes on with the load for some seconds, lets all come to rest, and checks.
   * **Errors**: what it throws is a failure of the harness, not of the system: see {@link Arena.require} for those.
   */
  run(arena: Arena<Fleet>): Promise<void>;
}

/** A fault on the topology of `npm start`: everything in one process on the embedded store. */
export interface EmbeddedRow extends RowFacts {
  readonly topology: "embedded";
  /** Folder for the data, with what the fault needs; `remove` is called in any case. */
  prepare(seed: number): Promise<{ readonly data: string; remove(): Promise<void> }>;
  run(arena: Arena<EmbeddedSystem>): Promise<void>;
}

export type Row = ClusterRow | EmbeddedRow;

/** Who is in no channel does nothing: with fewer channels the load would hang on who that is. */
/** So much that nine processes, their proxies and the people have room on two cores: at their limit a run shows the limit. */
export const defaultLoad: Load = { users: 60, channels: 24, actionsPerS: 50, restlessness: 3, sendsTwice: false };
export const defaultShape: Shape = { gateways: 2, chatServers: 3, environment: {}, environmentOf: () => ({}) };
