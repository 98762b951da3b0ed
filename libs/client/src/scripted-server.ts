import type { AddressInfo } from "node:net";
import type { ClientFrame, ErrorCode, ErrorFrame, EventFrame, HelloFrame, ServerFrame } from "@parley/protocol";
import { type WebSocket, WebSocketServer } from "ws";
import { ScriptedChannel } from "./scripted-channel.ts";

/** What the script makes of one frame of a client. */
export type Turn =
  | "serve"
  /** The frame never arrives. */
  | "lose"
  /** It takes effect, its answer is lost. */
  | "serve-unanswered"
  /** It takes effect and is answered twice. */
  | "serve-twice"
  /** The socket is cut before it takes effect. */
  | "cut-before"
  /** It takes effect, and the socket is cut before the answer. */
  | "cut-after"
  | { readonly error: ErrorCode; readonly unknown?: true; readonly retryAfterMs?: number };

export interface Script {
  /** Asked for each frame but `hello`. */
  readonly turn?: (frame: ClientFrame) => Turn;
  /** True: this event is not pushed to this socket but announced by `gap` with those that follow it at once. */
  readonly holdsBack?: (event: EventFrame) => boolean;
  /** Undefined: welcome. A close code: `hello` is refused with it. A time: told to come back after it, then closed. */
  readonly greet?: (hello: HelloFrame) => number | { readonly afterMs: number } | undefined;
  readonly heartbeatMs?: number;
}

/** One client's socket as the server sees it. */
export interface ScriptedSession {
  readonly user: string;
  readonly device: string;
  readonly cursors: Readonly<Record<string, number>>;
  send(frame: ServerFrame | Record<string, unknown>): void;
  close(code: number): void;
  /** Ends the TCP connection without a closing handshake. */
  cut(): void;
}

const retryable: ReadonlySet<ErrorCode> = new Set(["rate_limited", "unavailable", "internal"]);

/**
 * A server that speaks the protocol from memory, and misbehaves by a script: it loses frames, repeats and withholds
 * answers, cuts sockets. Its log keeps the promises all the same, so what a client ends with can be compared with it.
 * The token is the user's name.
 */
export class ScriptedServer {
  readonly channels = new Map<string, ScriptedChannel>();
  readonly sessions = new Set<ScriptedSession>();
  /** Every frame that arrived, in order. */
  readonly received: ClientFrame[] = [];
  script: Script = {};
  /** False: sockets stay open and nothing is said or heard. */
  isAlive = true;
  readonly #server: WebSocketServer;

  private constructor(server: WebSocketServer) {
    this.#server = server;
    server.on("connection", (socket) => this.#accept(socket));
  }

  static async start(): Promise<ScriptedServer> {
    const server = new WebSocketServer({ port: 0, host: "127.0.0.1", handleProtocols: () => "parley.v1" });
    await new Promise<void>((resolve) => server.once("listening", resolve));
    return new ScriptedServer(server);
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1/ws`;
  }

  addChannel(channel: string, members: readonly string[]): ScriptedChannel {
    const made = new ScriptedChannel(channel, members);
    this.channels.set(channel, made);
    made.onAppend = (event) => {
      for (const session of this.#live) if (made.members.has(session.user)) session.push(event);
    };
    return made;
  }

  async close(): Promise<void> {
    for (const socket of this.#server.clients) socket.terminate();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  get #live(): readonly LiveSession[] {
    return [...this.sessions].filter((session) => session instanceof LiveSession);
  }

  #accept(socket: WebSocket): void {
    let session: LiveSession | undefined;
    socket.on("message", (data) => {
      if (!this.isAlive) return;
      const frame: ClientFrame = JSON.parse(String(data));
      this.received.push(frame);
      if (frame.type === "hello") session = this.#greet(socket, frame);
      else if (session !== undefined) this.#take(session, frame);
    });
    socket.on("close", () => {
      if (session !== undefined) this.sessions.delete(session);
    });
    socket.on("error", () => {});
  }

  #greet(socket: WebSocket, hello: HelloFrame): LiveSession | undefined {
    const refusal = this.script.greet?.(hello);
    if (refusal !== undefined) {
      if (typeof refusal === "object") {
        socket.send(JSON.stringify({ type: "reconnect", afterMs: refusal.afterMs, reason: "overload" }));
      }
      socket.close(typeof refusal === "object" ? 4503 : refusal);
      return undefined;
    }
    const session = new LiveSession(socket, this, hello);
    const own = [...this.channels.values()].filter((channel) => channel.members.has(session.user));
    session.send({
      type: "welcome",
      session: `session-${this.received.length}`,
      user: session.user,
      time: Date.now(),
      heartbeatMs: this.script.heartbeatMs ?? 25_000,
      channels: own.map((channel) => channel.summary()),
    });
    for (const channel of own) session.resume(channel);
    this.sessions.add(session);
    return session;
  }

  #take(session: LiveSession, frame: ClientFrame): void {
    const turn = this.script.turn?.(frame) ?? "serve";
    if (turn === "lose") return;
    if (turn === "cut-before") {
      session.cut();
      return;
    }
    if (typeof turn === "object") {
      session.send(refusal("id" in frame ? frame.id : undefined, turn.error, turn));
      return;
    }
    const answer = this.#serve(session, frame);
    if (turn === "cut-after") session.cut();
    else if (answer !== undefined && turn !== "serve-unanswered") {
      session.send(answer);
      if (turn === "serve-twice") session.send(answer);
    }
  }

  #serve(session: LiveSession, frame: ClientFrame): ServerFrame | undefined {
    if (frame.type === "hello" || frame.type === "read" || frame.type === "typing") return undefined;
    if (frame.type === "presence.watch" || frame.type === "presence.unwatch") {
      return { type: "result", id: frame.id, users: frame.users };
    }
    if (frame.type === "refresh") return { type: "result", id: frame.id };
    if (frame.type === "channels") {
      const own = [...this.channels.values()].filter(({ members }) => members.has(session.user));
      return { type: "result", id: frame.id, channels: own.map((channel) => channel.summary()) };
    }
    if (frame.type === "channel.create") {
      const channel = `c-${session.user}-${frame.id}`;
      if (!this.channels.has(channel)) this.addChannel(channel, [session.user, ...frame.members]).kind = frame.kind;
      return { type: "result", id: frame.id, channel };
    }
    const channel = this.channels.get(frame.channel);
    if (channel === undefined || !channel.members.has(session.user)) {
      return refusal(frame.id, "not_member", {});
    }
    return channel.serve(session.user, frame);
  }
}

function refusal(
  id: string | undefined,
  code: ErrorCode,
  extra: { readonly unknown?: true; readonly retryAfterMs?: number },
): ErrorFrame {
  return {
    type: "error",
    ...(id === undefined ? {} : { id }),
    code,
    message: `scripted ${code}`,
    retryable: retryable.has(code),
    ...(extra.unknown === undefined ? {} : { unknown: extra.unknown }),
    ...(extra.retryAfterMs === undefined ? {} : { retryAfterMs: extra.retryAfterMs }),
  };
}

class LiveSession implements ScriptedSession {
  readonly user: string;
  readonly device: string;
  readonly cursors: Readonly<Record<string, number>>;
  readonly #socket: WebSocket;
  readonly #server: ScriptedServer;
  readonly #sent = new Map<string, number>();

  constructor(socket: WebSocket, server: ScriptedServer, hello: HelloFrame) {
    this.#socket = socket;
    this.#server = server;
    this.user = hello.token;
    this.device = hello.device;
    this.cursors = hello.cursors ?? {};
  }

  send(frame: ServerFrame | Record<string, unknown>): void {
    if (this.#server.isAlive) this.#socket.send(JSON.stringify(frame));
  }

  resume(channel: ScriptedChannel): void {
    const cursor = this.cursors[channel.channel] ?? channel.head;
    if (cursor > channel.head) this.send({ type: "reset", channel: channel.channel, head: channel.head });
    this.#sent.set(channel.channel, Math.min(cursor, channel.head));
    for (const event of channel.log.slice(cursor)) this.push(event);
  }

  push(event: EventFrame): void {
    const { channel, seq } = event;
    const sent = this.#sent.get(channel) ?? seq - 1;
    if (seq <= sent) return;
    if (this.#server.script.holdsBack?.(event) === true) return;
    if (seq > sent + 1) this.send({ type: "gap", channel, from: sent + 1, to: seq - 1 });
    this.#sent.set(channel, seq);
    this.send(event);
  }

  close(code: number): void {
    this.#socket.close(code);
  }

  cut(): void {
    this.#server.sessions.delete(this);
    this.#socket.terminate();
  }
}
