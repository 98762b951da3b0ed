import type { TokenVerifier } from "@parley/auth";
import type { Bus } from "@parley/bus";
import type { Cluster } from "@parley/cluster";
import type { LinkListener } from "@parley/link";
import type { MessageStore } from "@parley/store";
import type { Telemetry } from "@parley/telemetry";
import { systemClock } from "./clock.ts";
import type { ChatServerConfig } from "./config.ts";
import { drainUsers } from "./moving/drain.ts";
import { HandOvers } from "./moving/hand-over.ts";
import { RebalanceHost } from "./moving/rebalance-host.ts";
import { createParts, watchOver } from "./parts.ts";

export interface ChatServerPorts {
  readonly store: MessageStore;
  readonly bus: Bus;
  readonly cluster: Cluster;
  readonly tokens: TokenVerifier;
  readonly links: LinkListener;
  readonly telemetry: Telemetry;
  /** Keys content hashes and channel ids: the same in the whole fleet, and for good. */
  readonly secret: string;
}

export interface ChatServer {
  readonly node: string;
  /** Where gateways dial. */
  readonly address: string;
  /** Somebody asked this server to drain. Whoever runs it does, and ends the process. Called once. */
  onDrainAsked(listener: () => void): void;
  /** Leaves the ring, finishes what is in flight, hands its users over; then close. **Repeat**: one drain. */
  drain(): Promise<void>;
  /** Ends at once: gateways re-attach the sessions elsewhere. **Repeat**: a second call does nothing. */
  close(): Promise<void>;
  /** For readiness: the store answers. */
  isReady(): Promise<boolean>;
}

const loadEveryMs = 1_000;
/**
 * What is under way when a server ends is waited for so long, ms. It may be cut off: whoever waits for an append asks
 * again elsewhere, and effects on origins are redone by the next home.
 */
const settleMs = { drain: 2_000, close: 500 };

/**
 * One chat server: sessions of the users placed here, logs of the channels that are home here, and the relay between.
 * Stages: subscribed → listening → joined → (draining) → closed. **Errors**: BusError, RegistryError, or the listener's.
 */
export async function startChatServer(config: ChatServerConfig, ports: ChatServerPorts): Promise<ChatServer> {
  const { bus, cluster, links, store, telemetry } = ports;
  const { logger } = telemetry;
  const node = config.node;
  const parts = createParts(config, { ...ports, clock: systemClock });
  const { appends, echo, heads, interest, logs, peers, presence, readMarks, relays, sessions, sweep, users } = parts;

  await peers.open();
  const listener = await links.listen((link) => sessions.acceptLink(link));
  const held = await cluster.registry.join({
    node,
    role: "chat-server",
    address: listener.address,
    process: config.process ?? node,
    weight: config.weight,
    state: "up",
    load: { sessions: 0, eventLoopDelayMs: 0, cpu: 0 },
  });
  const unwatch = watchOver(parts, held, bus, telemetry);
  const handOvers = new HandOvers({ cluster, users, self: () => ({ node, epoch: held.epoch }) });
  const rebalance = new RebalanceHost({ config, cluster, users, handOvers, telemetry, clock: systemClock });
  const loadTimer = setInterval(() => {
    const load = { ...telemetry.load(users.sessionCount), openRequests: appends.openCount };
    held.update({ load }).catch((error: unknown) => logger.debug({ err: error }, "load not told"));
  }, loadEveryMs);
  logger.info({ address: listener.address, epoch: held.epoch }, "chat server is up");

  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    unwatch();
    clearInterval(loadTimer);
    rebalance.close();
    await held.leave().catch((error: unknown) => logger.debug({ err: error }, "lease not given back"));
    await listener.close();
    heads.close();
    sweep.close();
    echo.close();
    relays.close();
    interest.close();
    await atMost(settleMs.close, [readMarks.flush(), logs.settle(settleMs.close)]);
    readMarks.close();
    logs.close();
    await Promise.allSettled([presence.close(), peers.close()]);
  };
  let draining: Promise<void> | undefined;
  const drain = async (): Promise<void> => {
    const since = Date.now();
    const begunAt = performance.now();
    const ms = (): number => Math.round(performance.now() - begunAt);
    const sessionsAtBegin = users.sessionCount;
    logger.info({ sessions: sessionsAtBegin }, "draining");
    rebalance.close();
    await held
      .update({ state: "draining", drain: { since, sessionsAtBegin } })
      .catch((error: unknown) => logger.debug({ err: error }, "drain not told"));
    await drainUsers({ config, cluster, users, handOvers, telemetry });
    logger.info({ ms: ms(), sessions: sessionsAtBegin, left: users.sessionCount }, "users handed over");
    await atMost(settleMs.drain, [readMarks.flush(), logs.settle(settleMs.drain)]);
    logger.info({ ms: ms() }, "drained");
  };
  return {
    node,
    address: listener.address,
    onDrainAsked: (listener) => void held.onDrainAsked(listener),
    drain() {
      draining ??= drain();
      return draining;
    },
    close() {
      closing ??= close();
      return closing;
    },
    isReady: () =>
      store.ping().then(
        () => true,
        () => false,
      ),
  };
}

async function atMost(ms: number, work: readonly Promise<void>[]): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([Promise.allSettled(work), over]);
  clearTimeout(timer);
}
