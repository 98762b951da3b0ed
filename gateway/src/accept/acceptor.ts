import { randomBytes } from "node:crypto";
import type { IncomingMessage, Server } from "node:http";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { TokenVerifier } from "@parley/auth";
import { closeCode, type HelloFrame } from "@parley/protocol";
import type { Logger, Metrics } from "@parley/telemetry";
import { type RawData, type Server as SocketServer, type WebSocket, WebSocketServer } from "ws";
import type { GatewayConfig } from "../config.ts";
import type { Inbound } from "../inbound/inbound.ts";
import type { Outbound } from "../outbound/outbound.ts";
import type { Attacher } from "../placement/attacher.ts";
import { ClientSession, ClientSocket } from "../session/client-session.ts";
import { checkUpgrade, subprotocol } from "./check-upgrade.ts";
import { checkHello, helloCursors, type Refusal, readHello } from "./hello.ts";
import type { HelloGate } from "./hello-gate.ts";
import { type Problem, refuseUpgrade } from "./http-answer.ts";

/** A frame in more pieces than this is not somebody's honest message of 64 KiB. */
const fragmentsMax = 16;
const overloadAfterMs = 5_000;

export interface AcceptorOptions {
  readonly config: GatewayConfig;
  readonly tokens: TokenVerifier;
  readonly gate: HelloGate;
  readonly inbound: Inbound;
  readonly outbound: Outbound;
  readonly attacher: Attacher;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly now: () => number;
  readonly wallNow: () => number;
  readonly random: () => number;
}

/** From the upgrade to the session: handshake, limits, `hello`. Holds all sockets of the gateway. */
export class Acceptor {
  /** Every open socket, whatever its stage but closed. */
  readonly sessions = new Set<ClientSession>();
  /** Sockets that we are closing, until the client has answered or was cut. */
  readonly closing = new Set<WebSocket>();
  readonly #o: AcceptorOptions;
  readonly #origins: ReadonlySet<string>;
  readonly #server: SocketServer<typeof ClientSocket>;
  #strangers = 0;
  #isDraining = false;

  constructor(options: AcceptorOptions) {
    this.#o = options;
    const { config } = options;
    this.#origins = new Set(config.origins);
    const serverOptions = {
      noServer: true,
      clientTracking: false,
      WebSocket: ClientSocket,
      maxPayload: config.frameBytesMax,
      maxFragments: fragmentsMax,
      perMessageDeflate: false,
      closeTimeout: config.closeTimeoutMs,
      handleProtocols: (offered: Set<string>) => (offered.has(subprotocol) ? subprotocol : false),
    } as const;
    this.#server = new WebSocketServer(serverOptions);
  }

  /** Sessions that have said hello. */
  get helloCount(): number {
    return this.sessions.size - this.#strangers;
  }

  listen(server: Server): void {
    server.on("upgrade", (request, socket, head) => this.#upgrade(request, socket, head));
  }

  /** From now on handshakes are answered 503. */
  drain(): void {
    this.#isDraining = true;
  }

  /** The session's socket is gone or going: it is not counted any more. */
  forget(session: ClientSession): void {
    if (!this.sessions.delete(session)) return;
    if (session.user === "") this.#strangers -= 1;
    if (session.ws.readyState !== ClientSocket.CLOSED) this.closing.add(session.ws);
    this.#o.metrics.gatewaySockets.set(this.helloCount);
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const problem = this.#overload() ?? checkUpgrade(request, this.#origins);
    if (problem !== undefined || !(socket instanceof Socket)) {
      this.#o.metrics.gatewayHandshakes.of(String(problem?.status ?? 400)).inc();
      refuseUpgrade(socket, problem ?? { status: 400, detail: "not a TCP connection" });
      return;
    }
    this.#server.handleUpgrade(request, socket, head, this.#open);
  }

  #overload(): Problem | undefined {
    const { config } = this.#o;
    const headers = { "Retry-After": "5" };
    if (this.#isDraining) return { status: 503, detail: "this gateway drains", headers };
    if (this.sessions.size >= config.socketsMax || this.#strangers >= config.strangersMax) {
      return { status: 503, detail: "too many sockets", headers };
    }
    return undefined;
  }

  readonly #open = (ws: ClientSocket, request: IncomingMessage): void => {
    const { config, metrics, now, wallNow } = this.#o;
    const { socket } = request;
    const at = now();
    const helloBy = at + config.helloDeadlineMs;
    const connection = randomBytes(12).toString("base64url");
    const session = new ClientSession(ws, socket, connection, wallNow(), at, helloBy, config.inBurstBytes);
    ws.session = session;
    this.sessions.add(session);
    this.#strangers += 1;
    metrics.gatewayHandshakes.of("101").inc();
    ws.on("message", this.#onMessage);
    ws.on("pong", onPong);
    ws.on("error", this.#onError);
    ws.on("close", this.#onClose);
  };

  /** A broken or oversized frame: `ws` closes with the fitting code by itself, and `close` follows. */
  readonly #onError = (): void => this.#o.metrics.gatewayCloses.of("protocol").inc();

  /** One listener for all sockets: a closure each would be paid ten thousand times. */
  readonly #onMessage = (() => {
    const acceptor = this;
    return function onMessage(this: WebSocket, data: RawData, isBinary: boolean): void {
      const session = sessionOf(this);
      if (session !== undefined && data instanceof Uint8Array) acceptor.#message(session, data, isBinary);
    };
  })();

  readonly #onClose = (() => {
    const acceptor = this;
    return function onClose(this: WebSocket): void {
      const session = sessionOf(this);
      if (session !== undefined) acceptor.#o.outbound.ended(session);
      acceptor.closing.delete(this);
    };
  })();

  #message(session: ClientSession, bytes: Uint8Array, isBinary: boolean): void {
    const { outbound, inbound, config } = this.#o;
    if (session.stage === "closed") return;
    session.pingsOpen = 0;
    if (isBinary) {
      outbound.close(session, closeCode.unsupportedData, "text frames only");
      return;
    }
    inbound.charge(session, bytes.length);
    if (session.stage !== "silent") {
      inbound.accept(session, bytes);
      return;
    }
    const read = readHello(bytes, config.frameBytesMax);
    if (read.kind === "refused") {
      this.#refuse(session, read);
      return;
    }
    session.stage = "greeting";
    // Spread, so that a herd that came together is not pinged together for ever.
    session.pingAt = this.#o.now() + config.pingMs * (0.5 + this.#o.random() / 2);
    void this.#greet(session, read.frame).catch((err: unknown) => {
      this.#o.logger.error({ err, session: session.connection }, "hello failed");
      outbound.close(session, closeCode.unavailable, "hello failed");
    });
  }

  async #greet(session: ClientSession, frame: HelloFrame): Promise<void> {
    const { gate, tokens, outbound, attacher, metrics, random } = this.#o;
    // The socket may close while we wait; a field's type does not know.
    const isGone = (): boolean => session.stage === "closed";
    if (!(await gate.enter())) {
      const afterMs = Math.round(overloadAfterMs * (1 + random()));
      outbound.reconnect(session, { type: "reconnect", afterMs, reason: "overload" });
      outbound.close(session, closeCode.unavailable, "too many hellos");
      return;
    }
    if (isGone()) return;
    const checked = await checkHello(tokens, frame);
    if (isGone()) return;
    if (checked.kind === "refused") {
      this.#refuse(session, checked);
      return;
    }
    const { user, name, expiresAt } = checked.token;
    session.user = user;
    session.name = name;
    session.device = frame.device;
    session.tokenExpiresAt = expiresAt;
    session.helloCursors = helloCursors(frame);
    this.#strangers -= 1;
    metrics.gatewaySockets.set(this.helloCount);
    attacher.start(session, "hello");
  }

  #refuse(session: ClientSession, refusal: Refusal): void {
    const { outbound, logger } = this.#o;
    logger.debug({ session: session.connection, code: refusal.error.code, reason: refusal.reason }, "hello refused");
    outbound.error(session, refusal.error);
    outbound.close(session, refusal.code, refusal.reason);
  }
}

function sessionOf(ws: WebSocket): ClientSession | undefined {
  return ws instanceof ClientSocket ? ws.session : undefined;
}

function onPong(this: WebSocket): void {
  const session = sessionOf(this);
  if (session !== undefined) session.pingsOpen = 0;
}
