import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { type MessageStore, StoreError } from "./message-store.ts";
import { Batches } from "./remote/batches.ts";
import { type Call, type Method, type Reply, shapes } from "./remote/calls.ts";

export interface RemoteStoreOptions {
  /** The Unix socket of {@link serveStore}. */
  readonly path: string;
  /** How long a call may take; default 5,000 ms. */
  readonly callMs?: number;
  /** How long to wait for a connection, at first and while it is away; default 1,000 ms. */
  readonly connectMs?: number;
}

/** Calls under way at which the next one is refused. */
const callsMax = 50_000;
const sweepMs = 250;
const reconnectMs = 100;

interface Waiting {
  readonly method: Method;
  readonly args: readonly unknown[];
  /** What was not sent is surely not done. */
  isSent: boolean;
  /** Of `performance.now()`. */
  by: number;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/**
 * A store in another process of this machine: what {@link serveStore} serves. One process commits for all, so that what
 * all of them write shares its commits.
 *
 * **Guarantees**: those of the store behind it. A write whose connection ends, or that takes too long, is `unknown`; a
 * read is `unavailable`. Without a connection, which is tried again ten times a second, calls wait for `connectMs` and are
 * `unavailable` then.
 * **Bounds**: 50,000 calls under way. **Errors**: rejects where nothing answers at `path`.
 */
export async function openRemoteStore(options: RemoteStoreOptions): Promise<MessageStore> {
  const connection = new Connection(options);
  await connection.openPatiently();
  const call =
    <M extends Method>(method: M) =>
    (...args: unknown[]): Promise<never> =>
      connection.call(method, args) as Promise<never>;
  return {
    append: call("append"),
    readAfter: call("readAfter"),
    readBefore: call("readBefore"),
    readAt: call("readAt"),
    findByRequest: call("findByRequest"),
    head: call("head"),
    heads: call("heads"),
    findGrown: call("findGrown"),
    findAboveHole: call("findAboveHole"),
    applyEffects: call("applyEffects"),
    readSummaries: call("readSummaries"),
    advanceSummaries: call("advanceSummaries"),
    readUser: call("readUser"),
    markIn: call("markIn"),
    markOut: call("markOut"),
    advanceReads: call("advanceReads"),
    ping: call("ping"),
    close: () => connection.close(),
  };
}

class Connection {
  readonly #path: string;
  readonly #callMs: number;
  readonly #connectMs: number;
  readonly #waiting = new Map<number, Waiting>();
  #next = 0;
  #socket: Socket | undefined;
  #batches: Batches<Call, Reply> | undefined;
  #isClosed = false;
  #sweep: NodeJS.Timeout | undefined;
  #retry: NodeJS.Timeout | undefined;

  constructor({ path, callMs = 5_000, connectMs = 1_000 }: RemoteStoreOptions) {
    this.#path = path;
    this.#callMs = callMs;
    this.#connectMs = connectMs;
  }

  async openPatiently(): Promise<void> {
    for (const until = performance.now() + this.#connectMs; ; ) {
      try {
        return await this.#open();
      } catch (error) {
        if (performance.now() > until) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, reconnectMs));
    }
  }

  async #open(): Promise<void> {
    const socket = connect(this.#path);
    try {
      await once(socket, "connect");
    } catch (cause) {
      throw new StoreError("unavailable", `no store answers at ${this.#path}`, { cause });
    }
    if (this.#isClosed) return void socket.destroy();
    this.#socket = socket;
    this.#batches = new Batches(socket, (replies) => {
      for (const reply of replies) this.#settle(reply);
    });
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.#lose());
    this.#sweep ??= setInterval(() => this.#giveUpLate(), sweepMs);
    for (const [number, waiting] of this.#waiting) this.#send(number, waiting);
  }

  call(method: Method, args: readonly unknown[]): Promise<unknown> {
    if (this.#isClosed) return Promise.reject(new StoreError("unavailable", "the store is closed"));
    if (this.#waiting.size >= callsMax) {
      return Promise.reject(new StoreError("unavailable", `more than ${callsMax} calls of the store are under way`));
    }
    const number = this.#next++;
    return new Promise((resolve, reject) => {
      const by = performance.now() + this.#connectMs;
      const waiting: Waiting = { method, args, isSent: false, by, resolve, reject };
      this.#waiting.set(number, waiting);
      this.#send(number, waiting);
    });
  }

  #send(number: number, waiting: Waiting): void {
    if (this.#batches === undefined || waiting.isSent) return;
    const { method, args } = waiting;
    waiting.isSent = true;
    waiting.by = performance.now() + this.#callMs;
    this.#batches.send([number, method, shapes[method].packArgs?.(args) ?? args]);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearInterval(this.#sweep);
    clearTimeout(this.#retry);
    const socket = this.#socket;
    if (socket === undefined) return this.#lose();
    const closed = once(socket, "close");
    socket.destroy();
    await closed;
  }

  #settle(reply: Reply): void {
    const waiting = this.#waiting.get(reply[0]);
    if (waiting === undefined) return;
    this.#waiting.delete(reply[0]);
    if (reply[1]) {
      const { unpackResult } = shapes[waiting.method];
      // JSON has no `undefined`: what is not there came as nothing at all, or as null.
      const result = reply[2] ?? undefined;
      waiting.resolve(unpackResult === undefined ? result : unpackResult(result));
      return;
    }
    const [, , code, message] = reply;
    waiting.reject(
      code === "unavailable" || code === "unknown" ? new StoreError(code, message) : new RangeError(message),
    );
  }

  #lose(): void {
    this.#socket = undefined;
    this.#batches = undefined;
    for (const [number, waiting] of this.#waiting) {
      if (waiting.isSent || this.#isClosed) this.#fail(number, waiting, "the connection to the store ended");
    }
    if (!this.#isClosed) this.#retry = setTimeout(() => this.#reopen(), reconnectMs);
  }

  #reopen(): void {
    this.#open().catch(() => {
      if (!this.#isClosed) this.#retry = setTimeout(() => this.#reopen(), reconnectMs);
    });
  }

  #giveUpLate(): void {
    const now = performance.now();
    for (const [number, waiting] of this.#waiting) {
      if (waiting.by > now) continue;
      const why = waiting.isSent ? `took more than ${this.#callMs} ms` : "is not connected";
      this.#fail(number, waiting, `the store ${why}`);
    }
  }

  #fail(number: number, { method, isSent, reject }: Waiting, why: string): void {
    this.#waiting.delete(number);
    reject(new StoreError(isSent && shapes[method].isWrite ? "unknown" : "unavailable", why));
  }
}
