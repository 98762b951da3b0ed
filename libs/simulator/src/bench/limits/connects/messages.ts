import type { Spread } from "../../clients/figures.ts";
import type { Protocol } from "../../side-by-side/generator/messages.ts";

/** Somebody who connects. */
export interface Person {
  readonly user: string;
  /** Socket.IO's servers ask for none. */
  readonly token: string;
  /** Names of rooms to join after the connect, where the server does not know them by itself. */
  readonly rooms: readonly string[];
}

/** What the process that connects is asked for. */
export type ConnectorOrder =
  | {
      readonly kind: "rooms";
      readonly urls: readonly string[];
      /** Parley's alone: rooms are created by owners, in turn. */
      readonly owners: readonly Person[];
      readonly rooms: readonly (readonly string[])[];
    }
  | {
      readonly kind: "connect";
      readonly protocol: Protocol;
      /** Person `i` connects to address `i` modulo their number. */
      readonly urls: readonly string[];
      readonly people: readonly Person[];
      /** At most so many are on their way at once. */
      readonly atOnce: number;
    }
  /** Ends all sockets. */
  | { readonly kind: "leave" };

export interface Connected {
  readonly kind: "connected";
  /** From the first SYN to `welcome`, waits for another try among it. */
  readonly connectMs: Spread;
  readonly seconds: number;
  /** Welcomes in each tenth of a second. */
  readonly perTenth: readonly number[];
  /** Tries that were turned away, by reason; each came again later. */
  readonly refused: Readonly<Record<string, number>>;
  /** Who was turned away too often. */
  readonly failed: number;
  /** Sockets that are still open at the end. */
  readonly open: number;
  /** CPU of this process, s. */
  readonly cpuS: number;
}

export type ConnectorAnswer = Connected | { readonly kind: "done" } | { readonly kind: "failed"; readonly why: string };

export function isConnectorOrder(value: unknown): value is ConnectorOrder {
  return isKind(value, ["rooms", "connect", "leave"]);
}

export function isConnectorAnswer(value: unknown): value is ConnectorAnswer {
  return isKind(value, ["connected", "done", "failed"]);
}

function isKind(value: unknown, kinds: readonly string[]): boolean {
  return typeof value === "object" && value !== null && "kind" in value && kinds.includes(String(value.kind));
}
