import { type Client, type ClientEvents, createClient, createMemoryStorage, type TokenProvider } from "@parley/client";
import type { WebSocket } from "ws";
import type { History } from "../history/history.ts";
import type { Observer } from "../history/observed-socket.ts";
import type { Random } from "../random.ts";
import type { DevicePlan } from "./population.ts";

export interface DeviceOptions {
  readonly user: string;
  readonly plan: DevicePlan;
  readonly urls: readonly string[];
  readonly token: TokenProvider;
  readonly sendsTwice: boolean;
  readonly random: Random;
  readonly observer: Observer;
  readonly history: History;
  readonly onEvent: (event: ClientEvents["event"]) => void;
  /** Called when the device ends or stalls its connection by itself, so that nobody blames the server for the wait. */
  readonly onLeave?: () => void;
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
const lazyMs = [1, 6] as const;

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

export function createDevice(options: DeviceOptions): Device {
  const { user, plan, urls, token, random, observer, history, onEvent, onLeave = () => {} } = options;
  const storage = createMemoryStorage();
  let socket: WebSocket | undefined;
  let isOnline = false;
  let errors = 0;
  const observed = observer.socketOf({
    user,
    device: plan.device,
    isChained: true,
    sendsTwice: options.sendsTwice,
    onSocket: (opened) => {
      socket = opened;
    },
  });

  /** The program's own place in each channel, kept with what it made of the events, as a careful program does. */
  const places = new Map<string, number>();
  const atWork = new Set<Promise<void>>();
  const handled = ({ channel, seq }: ClientEvents["event"]): void => {
    places.set(channel, seq);
    history.record({ line: "handled", at: observer.now(), user, device: plan.device, channel, seq });
  };

  const create = (cursors: Readonly<Record<string, number>>): Client => {
    const client = createClient({ urls, token, device: plan.device, storage, cursors, WebSocket: observed });
    client.on("error", () => {
      errors += 1;
    });
    client.on("event", (event) => {
      onEvent(event);
      if (plan.reading !== "lazy") return handled(event);
      const working = pause(random.integer(...lazyMs)).then(() => handled(event));
      atWork.add(working);
      return working.finally(() => atWork.delete(working));
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
    cut() {
      onLeave();
      socket?.terminate();
    },
    hangUp() {
      onLeave();
      socket?.close(1000);
    },
    async goOffline() {
      isOnline = false;
      onLeave();
      // A device that had stopped reading would get its rest only half a minute later, when nobody waits for it any more.
      socket?.resume();
      const old = client;
      await old.close();
      await Promise.all(atWork);
      const cursors = old.cursors();
      for (const [channel, seq] of places) {
        // A handler that the end overtook has done its work; the SDK, which did not see it return, would repeat it.
        if ((cursors[channel] ?? seq) < seq) cursors[channel] = seq;
      }
      client = create(cursors);
    },
    goOnline() {
      isOnline = true;
      // A refusal for good shows in the end as an outbox that is never empty (C9).
      client.connect().catch(() => {
        errors += 1;
      });
    },
    stall() {
      onLeave();
      socket?.pause();
    },
    goOn: () => socket?.resume(),
    outbox: () => client.outbox().length,
    reached: () => client.cursors(),
    async close() {
      socket?.resume();
      await client.close();
    },
  };
}
