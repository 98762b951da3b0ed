import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { TokenVerifier } from "@parley/auth";
import type { Cluster, Lease } from "@parley/cluster";
import type { LinkConnector } from "@parley/link";
import type { Telemetry } from "@parley/telemetry";
import { Acceptor } from "./accept/acceptor.ts";
import { wsPath } from "./accept/check-upgrade.ts";
import { HelloGate } from "./accept/hello-gate.ts";
import { answerProblem } from "./accept/http-answer.ts";
import type { GatewayConfig } from "./config.ts";
import { drainSessions } from "./drain.ts";
import { Inbound } from "./inbound/inbound.ts";
import { DownFrames } from "./links/down-frames.ts";
import { LinkPool } from "./links/link-pool.ts";
import { joinPatiently } from "./membership.ts";
import { Outbound } from "./outbound/outbound.ts";
import { Attacher } from "./placement/attacher.ts";
import { Placement } from "./placement/placement.ts";
import { ChannelTable } from "./session/channel-table.ts";
import type { ClientSession } from "./session/client-session.ts";
import { Sweep } from "./session/sweep.ts";

export interface GatewayPorts {
  readonly cluster: Cluster;
  readonly tokens: TokenVerifier;
  readonly links: LinkConnector;
  readonly telemetry: Telemetry;
  /** For tests: monotonic ms, ms since 1970, and chance. */
  readonly now?: () => number;
  readonly wallNow?: () => number;
  readonly random?: () => number;
}

export interface Gateway {
  readonly node: string;
  /** Where clients connect, `/v1/ws` included. */
  readonly wsUrl: string;
  readonly httpUrl: string;
  /** Registered, and some chat server is up. */
  isReady(): boolean;
  /** Somebody asked this gateway to drain. Whoever runs it does, and ends the process. Called once. */
  onDrainAsked(listener: () => void): void;
  /** Takes nobody new, tells clients to come back elsewhere, answers what is open, closes them. **Repeat**: the same. */
  drain(): Promise<void>;
  /** Ends everything at once. **Repeat**: does nothing. */
  close(): Promise<void>;
}

/** **Errors**: rejects when the port is taken. Waits for a registry that is away, with a line a second. */
export async function startGateway(config: GatewayConfig, ports: GatewayPorts): Promise<Gateway> {
  const { cluster, tokens, links, telemetry } = ports;
  const { logger, metrics } = telemetry;
  const now = ports.now ?? (() => performance.now());
  const wallNow = ports.wallNow ?? Date.now;
  const random = ports.random ?? Math.random;
  const process = config.process ?? config.node;

  const channels = new ChannelTable();
  const inbound = new Inbound(config, metrics, now);
  const outbound = new Outbound(config, metrics, now, (session) => end(session));
  const pool = new LinkPool({
    connector: links,
    registry: cluster.registry,
    logger,
    metrics,
    now,
    random,
    onFrame: (link, frame) => downFrames.handle(link, frame),
    onLost: (link, sessions) => {
      for (const session of [...link.arriving.values()]) attacher.loseArrival(session);
      for (const session of sessions) attacher.start(session, "link");
    },
  });
  const placement = new Placement({ cluster, process, loadBound: config.loadBound, logger, now });
  const attacher = new Attacher({
    config,
    registry: cluster.registry,
    placement,
    pool,
    inbound,
    outbound,
    channels,
    logger,
    metrics,
    now,
  });
  const downFrames = new DownFrames({ inbound, outbound, attacher, channels });
  const gate = new HelloGate({
    perSecond: config.hellosPerSecond,
    burst: config.hellosBurst,
    queuedMax: config.hellosQueuedMax,
    now,
  });
  const acceptor = new Acceptor({
    config,
    tokens,
    gate,
    inbound,
    outbound,
    attacher,
    logger,
    metrics,
    now,
    wallNow,
    random,
  });

  /** Once a session: it leaves its chat server and everything that knows it. */
  function end(session: ClientSession): void {
    attacher.release(session, false);
    session.cursors.releaseAll(channels);
    inbound.forget(session);
    session.kept = undefined;
    acceptor.forget(session);
  }

  const server = createHttpServer();
  acceptor.listen(server);
  // A herd that reconnects comes within a second; what the kernel does not queue waits for a retry of its SYN.
  server.listen({ port: config.port, host: config.host, backlog: 4_096 });
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const host = config.host.includes(":") ? `[${config.host}]` : config.host;
  const httpUrl = `http://${host}:${port}`;
  const wsUrl = config.publicUrl ?? `ws://${host}:${port}${wsPath}`;

  const sweep = new Sweep({ config, sessions: acceptor.sessions, inbound, outbound, attacher, now, wallNow });
  const lease: Lease = await joinPatiently(cluster.registry, logger, {
    node: config.node,
    role: "gateway",
    address: wsUrl,
    process,
    weight: 1,
    state: "up",
    load: telemetry.load(0),
  });
  const tellLoad = (): void => {
    const load = { ...telemetry.load(acceptor.helloCount), openRequests: inbound.openCount };
    lease.update({ load }).catch((err: unknown) => logger.debug({ err }, "load not told: registry out of reach"));
  };
  const heart = setInterval(tellLoad, config.heartbeatMs);
  logger.info({ wsUrl }, "gateway up");

  let draining: Promise<void> | undefined;
  let closing: Promise<void> | undefined;

  async function drain(): Promise<void> {
    logger.info({ sockets: acceptor.sessions.size }, "gateway drains");
    acceptor.drain();
    const info = { since: wallNow(), sessionsAtBegin: acceptor.helloCount };
    await lease.update({ state: "draining", drain: info }).catch((err: unknown) => {
      logger.warn({ err }, "draining not told: registry out of reach");
    });
    const { sessions, closing } = acceptor;
    const hasOther = (): boolean =>
      cluster.registry.view().nodes.some(({ role, state }) => role === "gateway" && state === "up");
    await drainSessions({ config, sessions, closing, outbound, hasOther, now, random });
    logger.info({ ms: wallNow() - info.since, sockets: info.sessionsAtBegin }, "gateway has drained");
  }

  async function close(): Promise<void> {
    clearInterval(heart);
    sweep.close();
    gate.close();
    acceptor.drain();
    for (const session of [...acceptor.sessions]) outbound.terminate(session, "stop");
    for (const socket of acceptor.closing) socket.terminate();
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await pool.close();
    await lease.leave().catch((err: unknown) => logger.debug({ err }, "goodbye not told: registry out of reach"));
    await closed;
    logger.info({}, "gateway down");
  }

  return {
    node: config.node,
    wsUrl,
    httpUrl,
    isReady: () =>
      draining === undefined &&
      cluster.registry.view().nodes.some(({ role, state }) => role === "chat-server" && state === "up"),
    onDrainAsked: (listener) => void lease.onDrainAsked(listener),
    drain: () => (draining ??= drain()),
    close: () => (closing ??= close()),
  };
}

function createHttpServer(): Server {
  const server = createServer(
    // Whoever sends a handshake at one byte a second is cut off by these.
    { headersTimeout: 10_000, requestTimeout: 15_000, connectionsCheckingInterval: 2_000, keepAliveTimeout: 5_000 },
    (request, response) => {
      const path = request.url?.split("?", 1)[0];
      if (path !== wsPath) answerProblem(response, { status: 404, detail: "there is nothing here" });
      else if (request.method !== "GET") {
        answerProblem(response, { status: 405, detail: "only GET", headers: { allow: "GET" } });
      } else {
        answerProblem(response, {
          status: 426,
          detail: "only WebSocket is served here",
          headers: { upgrade: "websocket" },
        });
      }
    },
  );
  server.maxRequestsPerSocket = 100;
  return server;
}
