import { type Client, type ClientEvents, createClient, createMemoryStorage } from "@parley/client";
import type { WebSocket } from "ws";
import type { History } from "../history/history.ts";
import type { Observer } from "../history/observed-socket.ts";
import type { Random } from "../random.ts";
import type { DevicePlan } from "./population.ts";

export interface DeviceOptions {
  readonly user: string;
  readonly plan: DevicePlan;
  readonly urls: readonly string[];
  readonly token: () => string;
  readonly random: Random;
  readonly observer: Observer;
  readonly history: History;
  readonly onEvent: (event: ClientEvents["event"]) => void;
}

/**
 * One device of a person: the SDK with a program on it, and the ways in which a real device loses touch.
 * **Errors**: none is thrown; what the SDK reports is counted.
 */
export interface Device {
  readonly user: string;
  readonly plan: DevicePlan;
  /** The SDK of now; another one after each time offline. */
  readonly client: Client;
  readonly isOnline: boolean;
  readonly errors: number;
  connect(): Promise<void>;
  /** The socket ends without a word, as when a phone goes under ground. The SDK comes back by itself. */
  cut(): void;
  /** The socket is closed in an orderly way. The SDK comes back by itself. */
  hangUp(): void;
  /** The program ends, and starts again without a connection; what it is told to send waits in its outbox. */
  goOffline(): Promise<void>;
  goOnline(): void;
  /** Stops reading from the socket. */
  stall(): void;
  goOn(): void;
  /** Unsettled requests. */
  outbox(): number;
  /** How far its program got, by channel. */
  reached(): Readonly<Record<string, number>>;
  close(): Promise<void>;
}

/** How long the handler of a lazy device takes over one event, ms. */
const lazyMs = [2, 25] as const;

export function createDevice(options: DeviceOptions): Device {
  const { user, plan, urls, token, random, observer, history, onEvent } = options;
  const storage = createMemoryStorage();
  let socket: WebSocket | undefined;
  let isOnline = false;
  let errors = 0;
  const observed = observer.socketOf({
    user,
    device: plan.device,
    isChained: true,
    onSocket: (opened) => {
      socket = opened;
    },
  });

  const create = (cursors: Readonly<Record<string, number>>): Client => {
    const client = createClient({ urls, token, device: plan.device, storage, cursors, WebSocket: observed });
    client.on("error", () => {
      errors += 1;
    });
    client.on("event", (event) => {
      onEvent(event);
      const { channel, seq } = event;
      const handled = (): void => history.record({ line: "handled", at: observer.now(), user, device: plan.device, channel, seq });
      if (plan.reading !== "lazy") return handled();
      return new Promise((resolve) => {
        setTimeout(() => {
          handled();
          resolve();
        }, random.integer(...lazyMs));
      });
    });
    return client;
  };
  let client = create({});

  return {
    user,
    plan,
    get client() {
      return client;
    },
    get isOnline() {
      return isOnline;
    },
    get errors() {
      return errors;
    },
    async connect() {
      isOnline = true;
      await client.connect();
    },
    cut: () => socket?.terminate(),
    hangUp: () => socket?.close(1000),
    async goOffline() {
      isOnline = false;
      const old = client;
      // The program's place is kept like a real one keeps it: as of the last handler that has returned.
      await old.close();
      client = create(old.cursors());
    },
    goOnline() {
      isOnline = true;
      // A refusal for good shows in the end as an outbox that is never empty (C9).
      client.connect().catch(() => {
        errors += 1;
      });
    },
    stall: () => socket?.pause(),
    goOn: () => socket?.resume(),
    outbox: () => client.outbox().length,
    reached: () => client.cursors(),
    async close() {
      socket?.resume();
      await client.close();
    },
  };
}
