import type { HelloFrame, ServerFrame, WelcomeFrame } from "@parley/protocol";
import { Backoff } from "./backoff.ts";
import { ClientError } from "./client-error.ts";
import { closeRule } from "./close-rules.ts";
import { parseServerFrame } from "./server-frame.ts";
import type {
  ClientLimits,
  Clock,
  ConnectionState,
  SocketConstructor,
  SocketLike,
  TokenProvider,
  TokenReason,
} from "./types.ts";

/** A session that lasted so long was no accident: the back-off starts anew. */
const stableMs = 60_000;
/** Upper end of the wait after a session, whatever came before it. */
const firstRetryMs = 500;
/** The least wait after "too many requests". */
const slowDelayMs = 5_000;
/** How long `close` waits for the server's half of the closing handshake. */
const closeWaitMs = 1_000;
const openState = 1;

export interface ConnectionOptions {
  readonly urls: readonly string[];
  readonly device: string;
  readonly token: TokenProvider;
  readonly limits: ClientLimits;
  readonly clock: Clock;
  /** ms since 1970: what is shown, where the clock is what is waited by. */
  readonly wallNow: () => number;
  readonly random: () => number;
  readonly WebSocket: SocketConstructor;
  readonly readCursors: () => Record<string, number>;
  /** A session stands; `token` is what it began with. */
  readonly onOnline: (welcome: WelcomeFrame, token: string) => void;
  /** Called once for each `onOnline`. */
  readonly onOffline: () => void;
  /** Every frame but `welcome`, of the current session only. */
  readonly onFrame: (frame: ServerFrame) => void;
  readonly onState: (state: ConnectionState) => void;
  readonly onError: (error: ClientError) => void;
}

/**
 * One session after the other, for as long as it may: socket, `hello`, `welcome`, until the socket ends.
 *
 * **Lifecycle**: idle → connecting → online → waiting → connecting → …; stopped by a close code that says so, or by a
 * token that was refused twice; closed for good by {@link close}. What a socket says after it was given up is ignored.
 */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #backoff: Backoff;
  #state: ConnectionState = { kind: "idle" };
  #socket: SocketLike | undefined;
  /** Grows with every attempt: callbacks of an earlier one compare it and end. */
  #attempt = 0;
  #urlAt = 0;
  #timer: unknown;
  #onlineSince = 0;
  #tokenReason: TokenReason = "connect";
  /** Set by `reconnect`: when to come back, instead of the back-off. */
  #comeBackAt: number | undefined;
  #lastFrameAt = 0;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#backoff = new Backoff({ baseMs: 500, maxMs: options.limits.reconnectMaxMs, random: options.random });
    // A herd of clients that start together shall not all begin at the first gateway.
    this.#urlAt = Math.floor(options.random() * options.urls.length);
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** When the current socket last gave a sign of life, ms. */
  get lastFrameAt(): number {
    return this.#lastFrameAt;
  }

  /** Begins; no effect while it is under way. */
  start(): void {
    if (this.#state.kind !== "idle" && this.#state.kind !== "stopped") return;
    this.#backoff.reset();
    this.#tokenReason = this.#state.kind === "stopped" ? "rejected" : "connect";
    this.#open();
  }

  /** Ends a wait at once; for "the network is back". */
  retryNow(): void {
    if (this.#state.kind === "waiting") this.#open();
  }

  /** False if there is no session; then the frame is not kept. */
  transmit(frame: string): boolean {
    const socket = this.#socket;
    if (this.#state.kind !== "online" || socket === undefined || socket.readyState !== openState) return false;
    socket.send(frame);
    return true;
  }

  /** Gives the socket up, as if it had ended by itself. */
  abandon(reason: string): void {
    if (this.#socket === undefined) return;
    this.#end(reason, undefined);
  }

  /** Ends for good. Resolves when the socket is closed, or after a second. */
  async close(): Promise<void> {
    if (this.#state.kind === "closed") return;
    const socket = this.#dropSocket();
    this.#enter({ kind: "closed" });
    if (socket === undefined) return;
    const { clock } = this.#options;
    await new Promise<void>((resolve) => {
      const timer = clock.setTimeout(resolve, closeWaitMs);
      socket.addEventListener("close", () => {
        clock.clearTimeout(timer);
        resolve();
      });
      socket.close(1000, "bye");
    });
  }

  #enter(state: ConnectionState): void {
    const wasOnline = this.#state.kind === "online";
    this.#state = state;
    if (wasOnline) this.#options.onOffline();
    this.#options.onState(state);
  }

  #open(): void {
    const { clock, urls, limits } = this.#options;
    clock.clearTimeout(this.#timer);
    this.#comeBackAt = undefined;
    this.#attempt += 1;
    const attempt = this.#attempt;
    const url = urls[this.#urlAt % urls.length] ?? "";
    this.#enter({ kind: "connecting", url, attempt: this.#backoff.attempts });
    this.#timer = clock.setTimeout(() => this.#end("no welcome in time", undefined), limits.connectTimeoutMs);
    this.#askToken().then(
      (token) => {
        if (attempt === this.#attempt && this.#state.kind === "connecting") this.#dial(url, token, attempt);
      },
      (cause: unknown) => {
        if (attempt !== this.#attempt || this.#state.kind !== "connecting") return;
        this.#options.onError(new ClientError("token_failed", "the token provider failed", { cause }));
        this.#end("no token", undefined);
      },
    );
  }

  async #askToken(): Promise<string> {
    return this.#options.token(this.#tokenReason);
  }

  #dial(url: string, token: string, attempt: number): void {
    let socket: SocketLike;
    try {
      socket = new this.#options.WebSocket(url, "parley.v1");
    } catch (cause) {
      // Only an address that is none is refused here, and no later attempt would do better.
      this.#options.onError(new ClientError("stopped", `${url} is no WebSocket address`, { cause }));
      this.#stop(`${url} is no WebSocket address`, undefined);
      return;
    }
    this.#socket = socket;
    this.#lastFrameAt = this.#options.clock.now();
    const isCurrent = (): boolean => attempt === this.#attempt;
    socket.addEventListener("open", () => {
      if (isCurrent()) this.#sayHello(socket, token);
    });
    socket.addEventListener("message", (event) => {
      if (isCurrent()) this.#receive(event.data, url, token);
    });
    socket.addEventListener("close", ({ code = 1006, reason = "" }) => {
      if (isCurrent()) this.#end(reason === "" ? `the socket closed with ${code}` : reason, code);
    });
    // It tells nothing that `close`, which follows, does not; but some implementations throw where nobody listens.
    socket.addEventListener("error", () => {});
  }

  #sayHello(socket: SocketLike, token: string): void {
    const { device, readCursors } = this.#options;
    const hello: HelloFrame = { type: "hello", token, device, protocol: 1, cursors: readCursors() };
    socket.send(JSON.stringify(hello));
  }

  #receive(data: unknown, url: string, token: string): void {
    this.#lastFrameAt = this.#options.clock.now();
    let frame: ServerFrame | undefined;
    try {
      frame = parseServerFrame(data);
    } catch (cause) {
      this.#options.onError(new ClientError("bad_server_frame", "the server sent no frame", { cause }));
      return;
    }
    if (frame === undefined) return;
    if (frame.type === "welcome") this.#welcome(frame, url, token);
    else if (this.#state.kind !== "online") this.#refuse(frame);
    else {
      if (frame.type === "reconnect") this.#comeBack(frame.afterMs);
      this.#options.onFrame(frame);
    }
  }

  #welcome(welcome: WelcomeFrame, url: string, token: string): void {
    if (this.#state.kind !== "connecting") return;
    const { clock } = this.#options;
    clock.clearTimeout(this.#timer);
    this.#onlineSince = clock.now();
    this.#tokenReason = "connect";
    this.#enter({ kind: "online", url, session: welcome.session, user: welcome.user });
    this.#options.onOnline(welcome, token);
  }

  /**
   * An error before `welcome` is said once more by the close code that follows; it only has the better words. A server
   * that can't take us just now says when to come back: a herd that came sooner would keep it so.
   */
  #refuse(frame: ServerFrame): void {
    if (frame.type === "reconnect") this.#comeBackAt = this.#options.clock.now() + frame.afterMs;
    if (frame.type === "error") this.#options.onError(new ClientError(frame.code, frame.message));
  }

  #comeBack(afterMs: number): void {
    const { clock } = this.#options;
    clock.clearTimeout(this.#timer);
    this.#comeBackAt = clock.now() + afterMs;
    const attempt = this.#attempt;
    this.#timer = clock.setTimeout(() => {
      if (attempt !== this.#attempt || this.#state.kind !== "online") return;
      this.#end("the server asked to reconnect", undefined);
    }, afterMs);
  }

  /** The socket ended, or is given up. */
  #end(reason: string, code: number | undefined): void {
    const wasOnline = this.#state.kind === "online";
    this.#dropSocket()?.close();
    const rule = code === undefined ? "reconnect" : closeRule(code);
    if (rule === "stop") {
      this.#stop(reason, code);
      return;
    }
    const isSecondRefusal = !wasOnline && this.#tokenReason === "rejected";
    if (rule === "reauthenticate" && isSecondRefusal) {
      this.#stop(reason, code);
      return;
    }
    const now = this.#options.clock.now();
    if (wasOnline && now - this.#onlineSince >= stableMs) this.#backoff.reset();
    this.#urlAt += 1;
    // Most sockets end alone, and one quick try mends that; only what fails again has the longer waits.
    let delayMs = wasOnline ? this.#options.random() * firstRetryMs : this.#backoff.nextDelayMs();
    if (this.#comeBackAt !== undefined) delayMs = Math.max(0, this.#comeBackAt - now);
    if (rule === "slow") delayMs += slowDelayMs;
    if (rule === "reauthenticate") {
      this.#tokenReason = "rejected";
      delayMs = 0;
    }
    this.#wait(delayMs, reason, code);
  }

  #wait(delayMs: number, reason: string, closeCode: number | undefined): void {
    const { clock } = this.#options;
    this.#timer = clock.setTimeout(() => this.#open(), delayMs);
    this.#enter({
      kind: "waiting",
      attempt: this.#backoff.attempts,
      retryAt: this.#options.wallNow() + delayMs,
      reason,
      ...(closeCode === undefined ? {} : { closeCode }),
    });
  }

  #stop(reason: string, closeCode: number | undefined): void {
    this.#options.clock.clearTimeout(this.#timer);
    this.#enter({ kind: "stopped", reason, ...(closeCode === undefined ? {} : { closeCode }) });
  }

  /** Lets go of the socket: nothing that it says from now on is heard. The caller closes it. */
  #dropSocket(): SocketLike | undefined {
    this.#options.clock.clearTimeout(this.#timer);
    this.#attempt += 1;
    const socket = this.#socket;
    this.#socket = undefined;
    return socket;
  }
}
