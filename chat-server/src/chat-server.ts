import type { TokenVerifier } from "@parley/auth";
import type { Bus } from "@parley/bus";
import type { Cluster, Lease } from "@parley/cluster";
import type { LinkListener } from "@parley/link";
import type { MessageStore } from "@parley/store";
import type { Telemetry } from "@parley/telemetry";
import { AppendHost } from "./channel/append-host.ts";
import { HeadEchoHost } from "./channel/head-echo-host.ts";
import { Homes } from "./channel/homes.ts";
import { LogHost } from "./channel/log-host.ts";
import { Publisher } from "./channel/publisher.ts";
import type { ChatServerConfig } from "./config.ts";
import { createPeerHandler } from "./peer/peer-handler.ts";
import { Peers } from "./peer/peers.ts";
import { HeadWatchHost } from "./relay/head-watch-host.ts";
import { InterestHost } from "./relay/interest-host.ts";
import { RelayHost } from "./relay/relay-host.ts";
import { IndexSweepHost } from "./session/index-sweep-host.ts";
import { PresenceHost } from "./session/presence-host.ts";
import { ReadMarksHost } from "./session/read-marks-host.ts";
import type { Services } from "./session/services.ts";
import { SessionsHost } from "./session/sessions-host.ts";
import { Users } from "./session/users.ts";

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
  const { bus, cluster, links, secret, store, telemetry, tokens } = ports;
  const { logger } = telemetry;
  const node = config.node;
  let lease: Lease | undefined;
  const homes = new Homes(node, cluster.registry);
  const users = new Users({ perSecond: config.requestsPerSecond, burst: config.requestsBurst });
  const peers = new Peers({ bus, self: node, telemetry, handler: (from, message) => handlePeer(from, message) });
  const interest = new InterestHost(homes, peers);
  const relays = new RelayHost({
    store,
    telemetry,
    interest,
    sessionsOf: (user, channel) => users.withoutChannel(user, channel),
    onLearned: (channel, events) => appends.onLearned(channel, events),
  });
  const publisher = new Publisher({
    homes,
    peers,
    deliverHere: (channel, events) => relays.learn(channel, events),
    joinedHere: (channel, members, seq) => sessions.joined(channel, members, seq),
    onPublished: (channel, head) => echo.note(channel, head),
  });
  const echo = new HeadEchoHost((headsTold) => publisher.tellHeads(headsTold));
  const { queueMax, runMax, membersMax } = config;
  const logs = new LogHost({
    store,
    telemetry,
    limits: { queueMax, runMax, membersMax },
    onSettled: (channel, events) => publisher.settled(channel, events),
  });
  const appends = new AppendHost({
    homes,
    logs,
    peers,
    telemetry,
    onAcked: (channel, seq) => relays.hear(channel, seq),
  });
  const readMarks = new ReadMarksHost(store, telemetry);
  const epoch = (): number => lease?.epoch ?? 0;
  const presence = new PresenceHost({ cluster, bus, telemetry, graceMs: config.offlineGraceMs, node, epoch });
  const services: Services = {
    config,
    secret,
    store,
    tokens,
    telemetry,
    homes,
    peers,
    appends,
    publisher,
    relays,
    users,
    readMarks,
    presence,
  };
  const sessions = new SessionsHost(services);
  const handlePeer = createPeerHandler({ appends, homes, interest, publisher, relays, sessions, logs, peers });
  const sweep = new IndexSweepHost(sessions, telemetry, () => bus.isUp);
  const heads = new HeadWatchHost({ store, relays, telemetry, isBusUp: () => bus.isUp });

  await peers.open();
  const listener = await links.listen((link) => sessions.acceptLink(link));
  lease = await cluster.registry.join({
    node,
    role: "chat-server",
    address: listener.address,
    process: config.process ?? node,
    weight: config.weight,
    state: "up",
    load: { sessions: 0, eventLoopDelayMs: 0, cpu: 0 },
  });
  const held = lease;
  const unsubscribe = [
    held.onLost((newEpoch) => {
      // Somebody else may have been the home meanwhile: nothing is judged on what was known before.
      logger.warn({ epoch: newEpoch }, "lease lost and taken anew");
      logs.forgetAll();
      heads.checkAll();
      presence.enterAll(sessions.all());
    }),
    bus.onChange((isUp) => {
      logger.warn({ isUp }, "bus changed");
      if (!isUp) return;
      interest.redeclareAll();
      heads.checkAll();
      sweep.hurry();
      presence.recheck();
    }),
    homes.onChange((view) => {
      interest.redeclareMoved();
      heads.checkAll();
      if (!view.isComplete) return;
      publisher.keepOnly(new Set(view.nodes.map((info) => info.node)));
      presence.recheck();
    }),
  ];
  const loadTimer = setInterval(() => {
    held.update({ load: telemetry.load(users.sessionCount) }).catch((error: unknown) => {
      logger.debug({ err: error }, "load not told");
    });
  }, loadEveryMs);
  logger.info({ address: listener.address, epoch: held.epoch }, "chat server is up");

  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    for (const stop of unsubscribe) stop();
    clearInterval(loadTimer);
    await held.leave().catch((error: unknown) => logger.debug({ err: error }, "lease not given back"));
    await listener.close();
    heads.close();
    sweep.close();
    echo.close();
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
