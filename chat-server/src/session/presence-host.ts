import type { Bus, BusSubscription } from "@parley/bus";
import type { Cluster, UserPresence } from "@parley/cluster";
import type { PresenceFrame, UserId } from "@parley/protocol";
import { hash53 } from "@parley/ring";
import type { Telemetry } from "@parley/telemetry";
import type { CallOff, Clock } from "../clock.ts";
import { encodePresence, parsePresence } from "./presence-payload.ts";
import type { Session } from "./session.ts";

const bucketCount = 64;
const queryMax = 500;

interface Bucket {
  readonly watchers: Map<UserId, Set<Session>>;
  subscription: Promise<BusSubscription> | undefined;
}

/**
 * Who is online, for those who watch. Our users' comings and goings are written to the registry, an entry a connection
 * (rule 21), and told on one of 64 topics by user; a server listens to those that its sessions watch.
 * Offline is announced after a grace period, so that a reconnect does not flap. All of it is best effort.
 */
export class PresenceHost {
  private readonly clock: Clock;
  private readonly cluster: Cluster;
  private readonly bus: Bus;
  private readonly telemetry: Telemetry;
  private readonly graceMs: number;
  private readonly epoch: () => number;
  private readonly node: string;
  private readonly buckets = new Map<number, Bucket>();
  private readonly told = new Map<UserId, "online" | "offline">();
  private readonly leaving = new Map<string, CallOff>();

  constructor(options: {
    clock: Clock;
    cluster: Cluster;
    bus: Bus;
    telemetry: Telemetry;
    graceMs: number;
    node: string;
    epoch: () => number;
  }) {
    this.clock = options.clock;
    this.cluster = options.cluster;
    this.bus = options.bus;
    this.telemetry = options.telemetry;
    this.graceMs = options.graceMs;
    this.node = options.node;
    this.epoch = options.epoch;
  }

  enter(session: Session): void {
    const key = this.keyOf(session);
    this.leaving.get(key)?.();
    this.leaving.delete(key);
    const { connection: _, ...entry } = this.entryOf(session);
    this.attempt(this.cluster.presence.put(session.user, { connection: key, ...entry }));
    this.announce(session.user, "online");
  }

  /** `isMoving`: the socket lives on elsewhere, and its entry here goes at once. */
  leave(session: Session, isMoving: boolean): void {
    const key = this.keyOf(session);
    const { user } = session;
    const at = this.clock.wallNow();
    const remove = (): Promise<void> => this.cluster.presence.remove(user, key, at);
    const later = (work: () => Promise<unknown>): void => {
      const stop = this.clock.after(this.graceMs, () => {
        this.leaving.delete(key);
        this.attempt(work());
      });
      this.leaving.set(key, stop);
    };
    this.leaving.get(key)?.();
    if (!isMoving) return later(() => remove().then(() => this.checkGone(user)));
    this.attempt(remove());
    // Where it went to, it may have ended before we let go of it: then our entry was the one that kept the user online.
    later(() => this.checkGone(user));
  }

  /** Puts every entry anew: the registry lost its memory, or our epoch is another. */
  enterAll(sessions: Iterable<Session>): void {
    for (const session of sessions) this.enter(session);
  }

  async watch(session: Session, users: readonly UserId[]): Promise<void> {
    for (const user of users) {
      const bucket = this.bucketOf(user);
      const watchers = bucket.watchers.get(user);
      if (watchers === undefined) bucket.watchers.set(user, new Set([session]));
      else watchers.add(session);
      bucket.subscription ??= this.bus.subscribe(topicOf(user), (payload) => this.hear(payload));
    }
    const subscriptions = new Set(users.map((user) => this.bucketOf(user).subscription));
    await Promise.all(
      [...subscriptions].map((subscription) =>
        subscription?.catch((error: unknown) => {
          this.telemetry.logger.debug({ err: error }, "presence topic not subscribed");
          for (const user of users) this.bucketOf(user).subscription = undefined;
        }),
      ),
    );
  }

  unwatch(session: Session, users: Iterable<UserId>): void {
    for (const user of users) {
      const number = bucketNumber(user);
      const bucket = this.buckets.get(number);
      const watchers = bucket?.watchers.get(user);
      if (bucket === undefined || !watchers?.delete(session) || watchers.size > 0) continue;
      bucket.watchers.delete(user);
      this.told.delete(user);
      if (bucket.watchers.size > 0) continue;
      this.buckets.delete(number);
      this.attempt(Promise.resolve(bucket.subscription?.then((subscription) => subscription.close())));
    }
  }

  /** Tells one session the status of these users. Says nothing where the registry is out of reach: never "offline". */
  tellStatus(session: Session, users: readonly UserId[]): void {
    this.attempt(
      this.query(users).then((found) => {
        for (const user of users) {
          const frame = this.toFrame(user, found.get(user));
          if (frame !== undefined && !session.isClosed && session.watched?.has(user)) session.tell(frame);
        }
      }),
    );
  }

  /** Nodes came or went: what they held is gone without a word. */
  recheck(): void {
    const users = [...this.buckets.values()].flatMap((bucket) => [...bucket.watchers.keys()]);
    for (let at = 0; at < users.length; at += queryMax) {
      const part = users.slice(at, at + queryMax);
      this.attempt(
        this.query(part).then((found) => {
          for (const user of part) {
            const frame = this.toFrame(user, found.get(user));
            if (frame !== undefined) this.tellWatchers(frame);
          }
        }),
      );
    }
  }

  async close(): Promise<void> {
    for (const stop of this.leaving.values()) stop();
    const subscriptions = [...this.buckets.values()].map((bucket) => bucket.subscription);
    this.buckets.clear();
    await Promise.allSettled(subscriptions.map(async (subscription) => (await subscription)?.close()));
  }

  private async checkGone(user: UserId): Promise<void> {
    const found = await this.query([user]);
    const frame = this.toFrame(user, found.get(user));
    if (frame?.status === "offline") this.announce(user, "offline", frame.lastSeen ?? this.clock.wallNow());
  }

  /** Undefined where it would be "offline" only for want of data: the registry was away, or has just come back. */
  private toFrame(user: UserId, presence: UserPresence | undefined): PresenceFrame | undefined {
    if ((presence?.connections.length ?? 0) > 0) return { type: "presence", user, status: "online" };
    if (!this.cluster.registry.view().isComplete) return undefined;
    const lastSeen = presence?.lastSeen;
    return { type: "presence", user, status: "offline", ...(lastSeen === undefined ? {} : { lastSeen }) };
  }

  private async query(users: readonly UserId[]): Promise<ReadonlyMap<UserId, UserPresence>> {
    return users.length === 0 ? new Map() : this.cluster.presence.query(users);
  }

  private announce(user: UserId, status: "online" | "offline", lastSeen?: number): void {
    const frame: PresenceFrame = { type: "presence", user, status, ...(lastSeen === undefined ? {} : { lastSeen }) };
    this.attempt(this.bus.publish(topicOf(user), encodePresence(frame)));
  }

  private hear(payload: Uint8Array): void {
    const frame = parsePresence(payload);
    if (frame !== undefined) this.tellWatchers(frame);
  }

  private tellWatchers(frame: PresenceFrame): void {
    const watchers = this.buckets.get(bucketNumber(frame.user))?.watchers.get(frame.user);
    if (watchers === undefined || this.told.get(frame.user) === frame.status) return;
    this.told.set(frame.user, frame.status);
    for (const session of watchers) session.tell(frame);
  }

  private bucketOf(user: UserId): Bucket {
    const number = bucketNumber(user);
    let bucket = this.buckets.get(number);
    if (bucket === undefined) {
      bucket = { watchers: new Map(), subscription: undefined };
      this.buckets.set(number, bucket);
    }
    return bucket;
  }

  /** The socket's entry under this server: the one that it has elsewhere while it moves is another. */
  private keyOf(session: Session): string {
    return `${session.connection}.${this.node}`;
  }

  private entryOf(session: Session) {
    const { connection, device, opening } = session;
    const { since } = opening;
    return { connection, device, since, gateway: session.link.peer, node: this.node, epoch: this.epoch() };
  }

  private attempt(work: Promise<unknown>): void {
    work.catch((error: unknown) => {
      this.telemetry.logger.debug({ err: error }, "presence not kept");
    });
  }
}

function bucketNumber(user: UserId): number {
  return hash53(user) % bucketCount;
}

function topicOf(user: UserId): string {
  return `parley:presence:${bucketNumber(user)}`;
}
