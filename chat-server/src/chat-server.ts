import type { TokenVerifier } from "@parley/auth";
import type { Bus } from "@parley/bus";
import type { Cluster } from "@parley/cluster";
import type { LinkListener } from "@parley/link";
import type { MessageStore } from "@parley/store";
import type { Telemetry } from "@parley/telemetry";
import { systemClock } from "./clock.ts";
import type { ChatServerConfig } from "./config.ts";
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
  /** Leaves the ring, finishes what is in flight, hands its sessions over; then close. **Repeat**: one drain. */
  drain(): Promise<void>;
  /** Ends at once: gateways re-attach the sessions elsewhere. **Repeat**: a second call does nothing. */
  close(): Promise<void>;
  /** For readiness: the store answers. */
  isReady(): Promise<boolean>;
}

const loadEveryMs = 1_000;

/**
 * One chat server: sessions of the users placed here, logs of the channels that are home here, and the relay between.
 * Stages: subscribed → listening → joined → (draining) → closed. **Errors**: BusError, RegistryError, or the listener's.
 */
export async function startChatServer(config: ChatServerConfig, ports: ChatServerPorts): Promise<ChatServer> {
  const { bus, cluster, links, store, telemetry } = ports;
  const { logger } = telemetry;
  const node = config.node;
  const parts = createParts(config, { ...ports, clock: systemClock });
  const { echo, heads, logs, peers, presence, readMarks, relays, sessions, sweep, users } = parts;

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
  const loadTimer = setInterval(() => {
    held.update({ load: telemetry.load(users.sessionCount) }).catch((error: unknown) => {
      logger.debug({ err: error }, "load not told");
    });
  }, loadEveryMs);
  logger.info({ address: listener.address, epoch: held.epoch }, "chat server is up");

  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    unwatch();
    clearInterval(loadTimer);
    await held.leave().catch((error: unknown) => logger.debug({ err: error }, "lease not given back"));
    await listener.close();
    heads.close();
    sweep.close();
    echo.close();
    relays.close();
    await Promise.allSettled([readMarks.flush(), logs.settle(500)]);
    readMarks.close();
    logs.close();
    await Promise.allSettled([presence.close(), peers.close()]);
  };
  let draining: Promise<void> | undefined;
  const drain = async (): Promise<void> => {
    logger.info({ sessions: users.sessionCount }, "draining");
    await held.update({ state: "draining" }).catch((error: unknown) => logger.debug({ err: error }, "drain not told"));
    const until = Date.now() + config.drainDeadlineMs;
    const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
    let moved = 0;
    for (const session of [...sessions.all()]) {
      session.link.send({ type: "reattach", attachment: session.attachment });
      if (++moved % 100 === 0) await sleep((100 / config.drainPerSecond) * 1_000);
    }
    while (users.sessionCount > 0 && Date.now() < until) await sleep(50);
    await logs.settle(Math.max(0, until - Date.now()));
    await readMarks.flush();
    logger.info({ left: users.sessionCount }, "drained");
  };
  return {
    node,
    address: listener.address,
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
