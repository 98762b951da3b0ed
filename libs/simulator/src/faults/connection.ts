import { connect, type Socket } from "node:net";
import type { Random } from "../random.ts";
import { type Faults, noFaults } from "./fault-settings.ts";
import { type Parcel, Pipe } from "./pipe.ts";
import type { Screen, ScreenOf } from "./screen.ts";

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

export interface ConnectionOptions {
  readonly client: Socket;
  readonly target: Endpoint;
  readonly random: Random;
  readonly faults: Faults;
  readonly screenOf: ScreenOf;
  readonly onBytes: (direction: "up" | "down", count: number) => void;
  readonly onGone: () => void;
}

/** A client's socket and the one to the target on its behalf, with a pipe each way. */
export class Connection {
  /** 0 to 1: faults concern it where their share is above. */
  readonly luck: number;
  readonly #client: Socket;
  readonly #target: Socket;
  readonly #up: Pipe;
  readonly #down: Pipe;
  readonly #screen: Screen;
  readonly #onGone: () => void;
  #mode: "forwards" | "frozen" | "swallows" = "forwards";
  #open = 2;

  constructor(luck: number, options: ConnectionOptions) {
    const { client, random, faults, screenOf, onBytes } = options;
    this.luck = luck;
    this.#client = client;
    this.#onGone = options.onGone;
    // Both ends may be closed one by one, as without a proxy.
    const target = connect({ ...options.target, allowHalfOpen: true, noDelay: true });
    this.#target = target;
    const parts = { random, onBytes: (count: number) => onBytes("up", count) };
    const { up, down } = this.#concerning(faults);
    this.#up = new Pipe({ ...parts, source: client, sink: target, faults: up });
    this.#down = new Pipe({
      ...parts,
      source: target,
      sink: client,
      faults: down,
      onBytes: (count) => onBytes("down", count),
    });
    this.#screen = screenOf({
      toTarget: (bytes, heldMs) => this.#put(this.#up, bytes, heldMs),
      toClient: (bytes, heldMs) => this.#put(this.#down, bytes, heldMs),
      cut: () => this.cut(),
    });
    this.#listen(client, this.#up, (bytes) => this.#screen.fromClient(bytes));
    this.#listen(target, this.#down, (bytes) => this.#screen.fromTarget(bytes));
  }

  setFaults(faults: Faults): void {
    const { up, down } = this.#concerning(faults);
    this.#up.setFaults(up);
    this.#down.setFaults(down);
  }

  get swallows(): boolean {
    return this.#mode === "swallows";
  }

  /** Nothing passes any more, not even an end; see `halfOpen`. */
  freeze(): void {
    if (this.#mode !== "forwards") return;
    this.#mode = "frozen";
    this.#setFrozen(true);
  }

  thaw(): void {
    if (this.#mode !== "frozen") return;
    this.#mode = "forwards";
    this.#setFrozen(false);
  }

  /** For good: what comes is lost; see `blackHole`. */
  swallow(): void {
    this.#mode = "swallows";
    this.#setFrozen(true);
    this.#up.drop();
    this.#down.drop();
  }

  /** Both sides see their connection reset. */
  cut(): void {
    this.#up.drop();
    this.#down.drop();
    this.#client.resetAndDestroy();
    // A socket that is not connected yet has nothing to reset.
    if (this.#target.connecting) this.#target.destroy();
    else this.#target.resetAndDestroy();
  }

  #concerning(faults: Faults): Faults {
    return this.luck < faults.share ? faults : noFaults;
  }

  #setFrozen(isFrozen: boolean): void {
    this.#up.setFrozen(isFrozen);
    this.#down.setFrozen(isFrozen);
  }

  #put(pipe: Pipe, bytes: Buffer, heldMs: number | undefined): Parcel {
    return this.#mode === "swallows" ? { release: () => {} } : pipe.take(bytes, heldMs);
  }

  #listen(socket: Socket, outward: Pipe, screen: (bytes: Buffer) => void): void {
    socket.on("data", (bytes: Buffer) => {
      if (this.#mode === "swallows") return;
      try {
        screen(bytes);
      } catch {
        // Bytes that are no message: whoever sent them has lost the thread, and so has the screen.
        this.cut();
      }
    });
    socket.on("end", () => outward.finish());
    // Told by `close` as well.
    socket.on("error", () => {});
    socket.on("close", (hadError) => {
      if (hadError) outward.reset();
      this.#open -= 1;
      if (this.#open > 0) return;
      this.#screen.end();
      this.#up.drop();
      this.#down.drop();
      this.#onGone();
    });
  }
}
