import { createServer, type Server, type Socket } from "node:net";
import { createRandom, type Random } from "../random.ts";
import { Connection, type Endpoint } from "./connection.ts";
import { type FaultChange, type Faults, noFaults, withChange } from "./fault-settings.ts";
import { type Lanes, openScreen, type Screen } from "./screen.ts";

export interface TcpProxyOptions {
  readonly target: Endpoint;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default 0: a free one. */
  readonly port?: number;
  /** Of jitter and shares: the same draws for connections in the same order. */
  readonly seed: number;
}

export interface ProxyCounters {
  /** Connections since the start. */
  readonly accepted: number;
  readonly refused: number;
  /** By {@link TcpProxy.cut}, or since a black hole ended. */
  readonly cut: number;
  readonly bytesUp: number;
  readonly bytesDown: number;
}

/** Stands between clients and one target, and has faults when told. Closed and changed by whoever started it. */
export interface TcpProxy {
  readonly host: string;
  readonly port: number;
  readonly target: Endpoint;
  readonly faults: Faults;
  /** How many there are now. */
  readonly connections: number;
  readonly counters: ProxyCounters;
  /** What is absent stays. Takes effect at once, on present connections too. */
  set(change: FaultChange): void;
  /** No faults any more, those that only some proxies know included. */
  heal(): void;
  /** Resets present connections, all or a share drawn from the seed. Returns how many. */
  cut(options?: { readonly share?: number }): number;
  /** For new connections: a server that came back elsewhere. */
  retarget(target: Endpoint): void;
  /** Resets what is left and stops listening. **Repeat**: a second call waits for the same end. */
  close(): Promise<void>;
}

/** **Errors**: rejects when it can't listen there. */
export async function startTcpProxy(options: TcpProxyOptions): Promise<TcpProxy> {
  const proxy = new FaultProxy(options);
  await proxy.listen(options);
  return proxy;
}

export class FaultProxy implements TcpProxy {
  host = "";
  port = 0;
  target: Endpoint;
  faults: Faults = noFaults;
  readonly counters = { accepted: 0, refused: 0, cut: 0, bytesUp: 0, bytesDown: 0 };
  readonly #random: Random;
  readonly #server: Server;
  readonly #present = new Set<Connection>();
  /** Accepted in a black hole: nobody stands behind them. */
  readonly #lost = new Set<Socket>();
  #closing: Promise<void> | undefined;

  constructor(options: TcpProxyOptions) {
    this.target = options.target;
    this.#random = createRandom(options.seed);
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => this.#accept(client));
  }

  /** Overridden by proxies that know what they carry. */
  createScreen(lanes: Lanes): Screen {
    return openScreen(lanes);
  }

  async listen({ host = "127.0.0.1", port = 0 }: Pick<TcpProxyOptions, "host" | "port">): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(port, host, resolve);
    });
    const address = this.#server.address();
    this.host = host;
    this.port = typeof address === "object" && address !== null ? address.port : port;
  }

  get connections(): number {
    return this.#present.size + this.#lost.size;
  }

  set(change: FaultChange): void {
    const faults = withChange(this.faults, change);
    this.faults = faults;
    for (const connection of this.#present) {
      const isConcerned = connection.luck < faults.share;
      if (isConcerned && faults.blackHole) connection.swallow();
      else if (connection.swallows) this.#cut(connection);
      else if (isConcerned && change.halfOpen === true) connection.freeze();
      else if (change.halfOpen === false) connection.thaw();
      connection.setFaults(faults);
    }
    if (faults.blackHole) return;
    for (const socket of this.#lost) {
      this.counters.cut += 1;
      socket.resetAndDestroy();
    }
  }

  heal(): void {
    this.set(noFaults);
  }

  cut({ share = 1 }: { readonly share?: number } = {}): number {
    const chosen = [...this.#present].filter(() => this.#random.fraction() < share);
    for (const connection of chosen) this.#cut(connection);
    return chosen.length;
  }

  retarget(target: Endpoint): void {
    this.target = target;
  }

  close(): Promise<void> {
    this.#closing ??= new Promise((resolve) => {
      this.#server.close(() => resolve());
      for (const connection of this.#present) connection.cut();
      for (const socket of this.#lost) socket.resetAndDestroy();
    });
    return this.#closing;
  }

  #cut(connection: Connection): void {
    this.counters.cut += 1;
    connection.cut();
  }

  #accept(client: Socket): void {
    const random = this.#random.fork();
    const luck = random.fraction();
    const isConcerned = luck < this.faults.share;
    this.counters.accepted += 1;
    if (isConcerned && this.faults.refuses) {
      this.counters.refused += 1;
      client.on("error", () => {});
      client.resetAndDestroy();
    } else if (isConcerned && this.faults.blackHole) this.#lose(client);
    else this.#join(client, random, luck);
  }

  #lose(client: Socket): void {
    this.#lost.add(client);
    client.on("error", () => {});
    client.on("close", () => this.#lost.delete(client));
    // Read and forgotten, its end too.
    client.resume();
  }

  #join(client: Socket, random: Random, luck: number): void {
    const connection = new Connection(luck, {
      client,
      random,
      target: this.target,
      faults: this.faults,
      screenOf: (lanes) => this.createScreen(lanes),
      onBytes: (direction, count) => {
        this.counters[direction === "up" ? "bytesUp" : "bytesDown"] += count;
      },
      onGone: () => this.#present.delete(connection),
    });
    this.#present.add(connection);
  }
}
