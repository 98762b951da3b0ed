import type { TokenVerifier } from "@parley/auth";
import type { Bus } from "@parley/bus";
import type { Cluster, Lease } from "@parley/cluster";
import type { MessageStore } from "@parley/store";
import type { Telemetry } from "@parley/telemetry";
import { AppendHost } from "./channel/append-host.ts";
import { HeadEchoHost } from "./channel/head-echo-host.ts";
import { Homes } from "./channel/homes.ts";
import { LogHost } from "./channel/log-host.ts";
import { Publisher } from "./channel/publisher.ts";
import type { Clock } from "./clock.ts";
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

export interface PartsPorts {
  readonly clock: Clock;
  readonly store: MessageStore;
  readonly bus: Bus;
  readonly cluster: Cluster;
  readonly tokens: TokenVerifier;
  readonly telemetry: Telemetry;
  /** Keys content hashes and channel ids: the same in the whole fleet, and for good. */
  readonly secret: string;
}

/** What the parts are made of; whoever composes a server differently gives others. */
export interface PartKinds {
  readonly AppendHost: typeof AppendHost;
  readonly HeadEchoHost: typeof HeadEchoHost;
  readonly HeadWatchHost: typeof HeadWatchHost;
  readonly IndexSweepHost: typeof IndexSweepHost;
  readonly InterestHost: typeof InterestHost;
  readonly LogHost: typeof LogHost;
  readonly PresenceHost: typeof PresenceHost;
  readonly Publisher: typeof Publisher;
  readonly RelayHost: typeof RelayHost;
  readonly SessionsHost: typeof SessionsHost;
}

export const partKinds: PartKinds = {
  AppendHost,
  HeadEchoHost,
  HeadWatchHost,
  IndexSweepHost,
  InterestHost,
  LogHost,
  PresenceHost,
  Publisher,
  RelayHost,
  SessionsHost,
};

/** All of one chat server but its listener and its lease. */
export type Parts = ReturnType<typeof createParts>;

/** Composes a chat server; nothing of it is heard of outside before `peers.open()` and {@link watchOver}. */
export function createParts(config: ChatServerConfig, ports: PartsPorts, kinds: PartKinds = partKinds) {
  const { bus, clock, cluster, secret, store, telemetry, tokens } = ports;
  const { node } = config;
  const held: { lease: Lease | undefined } = { lease: undefined };
  const homes = new Homes(node, cluster.registry, () => clock.now());
  const users = new Users(clock, { perSecond: config.requestsPerSecond, burst: config.requestsBurst });
  const peers = new Peers({
    clock,
    bus,
    self: node,
    telemetry,
    spacingMs: config.publishSpacingMs,
    handler: (from, message) => handlePeer(from, message),
    onNobody: (peer) => homes.noteAbsent(peer),
  });
  const interest = new kinds.InterestHost(clock, homes, peers, (channel) => relays.doubt(channel));
  const relays = new kinds.RelayHost({
    clock,
    store,
    telemetry,
    interest,
    sessionsOf: (user, channel) => users.withoutChannel(user, channel),
    onLearned: (channel, events) => appends.onLearned(channel, events),
  });
  const publisher = new kinds.Publisher({
    clock,
    homes,
    peers,
    deliverHere: (channel, events) => relays.learn(channel, events),
    joinedHere: (channel, members, seq) => sessions.joined(channel, members, seq),
    onPublished: (channel, head) => echo.note(channel, head),
    onJoinTold: (channel, members, seq) => echo.noteJoin(channel, members, seq),
  });
  const echo = new kinds.HeadEchoHost(clock, {
    heads: (told) => publisher.tellHeads(told),
    joined: (channel, members, seq) => publisher.tellJoined(channel, members, seq),
  });
  const { queueMax, runMax, membersMax } = config;
  const logs = new kinds.LogHost({
    clock,
    store,
    telemetry,
    limits: { queueMax, runMax, membersMax },
    onSettled: (channel, events) => publisher.settled(channel, events),
  });
  const appends = new kinds.AppendHost({
    clock,
    homes,
    logs,
    peers,
    telemetry,
    onAcked: (channel, seq) => relays.hear(channel, seq),
    hasJustTold: (peer, channel, seq) => publisher.hasJustTold(peer, channel, seq),
  });
  const readMarks = new ReadMarksHost(clock, store, telemetry);
  const presence = new kinds.PresenceHost({
    clock,
    cluster,
    bus,
    telemetry,
    graceMs: config.offlineGraceMs,
    node,
    epoch: () => held.lease?.epoch ?? 0,
  });
  const services: Services = {
    config,
    clock,
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
  const sessions = new kinds.SessionsHost(services);
  const handlePeer = createPeerHandler({ appends, homes, interest, publisher, relays, sessions, logs, peers });
  const sweep = new kinds.IndexSweepHost(clock, sessions, telemetry, () => bus.isUp);
  const heads = new kinds.HeadWatchHost({ clock, store, relays, telemetry, isBusUp: () => bus.isUp });
  return {
    appends,
    echo,
    heads,
    held,
    homes,
    interest,
    logs,
    peers,
    presence,
    publisher,
    readMarks,
    relays,
    sessions,
    sweep,
    users,
  };
}

/** What the server does when its lease, the bus or the view of the cluster changes. Returns how to stop that. */
export function watchOver(parts: Parts, lease: Lease, bus: Bus, telemetry: Telemetry): () => void {
  const { heads, held, homes, interest, logs, presence, publisher, sessions, sweep } = parts;
  const { logger } = telemetry;
  held.lease = lease;
  const unsubscribe = [
    lease.onLost((newEpoch) => {
      // Somebody else may have been the home meanwhile: nothing is judged on what was known before.
      logger.warn({ epoch: newEpoch }, "lease lost and taken anew");
      logs.forgetAll();
      // And homes may have taken us for gone.
      interest.redeclareAll();
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
    homes.onHearing(() => interest.redeclareMoved()),
    homes.onChange((view) => {
      interest.redeclareMoved();
      heads.checkAll();
      if (!view.isComplete) return;
      publisher.keepOnly(new Set(view.nodes.map((info) => info.node)));
      presence.recheck();
    }),
  ];
  return () => {
    for (const stop of unsubscribe) stop();
  };
}
