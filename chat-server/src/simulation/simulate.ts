import type { ChannelId, Seq, UserId } from "@parley/protocol";
import type { PeerMessage } from "../peer/messages.ts";
import { checkHistory } from "./checker.ts";
import { DeviceModel } from "./device-model.ts";
import { foldOf } from "./fold-of.ts";
import { GatewayModel } from "./gateway-model.ts";
import { History, type Violation } from "./history.ts";
import { IndexModel } from "./index-model.ts";
import type { Journal } from "./journal.ts";
import { LiveChecks } from "./live-checks.ts";
import { Random } from "./random.ts";
import { direct, type Fault, group, type Scenario } from "./scenario.ts";
import { ServerModel } from "./server-model.ts";
import { noStoreFaults, StoreModel } from "./store-model.ts";
import { Timeline } from "./timeline.ts";
import type { Mutation, World } from "./world.ts";

export interface Outcome {
  readonly violations: readonly Violation[];
  readonly history: History;
  readonly stores: ReadonlyMap<ChannelId, StoreModel>;
  /** Virtual time at the end, ms. */
  readonly endedAt: number;
  /** How far each device got. */
  readonly devices: readonly {
    readonly number: number;
    readonly user: UserId;
    readonly waiting: number;
    readonly reached: ReadonlyMap<ChannelId, Seq>;
  }[];
}

/** Longest time that everything may take to come to rest once the faults have ended, ms. */
const healWithinMs = 12_000;
/** Late copies of commands land within this time, ms. */
const lateMs = 1_500;

/**
 * Runs a scenario: a safety phase with faults, then all is healed and must come to rest. With a journal it goes on to
 * the end whatever is found.
 */
export function simulate(scenario: Scenario, mutation: Mutation = {}, journal?: Journal): Outcome {
  return new Simulation(scenario, mutation, journal).run();
}

class Simulation implements World {
  readonly scenario: Scenario;
  readonly mutation: Mutation;
  readonly journal: Journal | undefined;
  readonly timeline = new Timeline();
  readonly random: Random;
  readonly index = new IndexModel();
  readonly history = new History();
  readonly gateway: GatewayModel;
  readonly channels = [group, direct];
  private readonly stores = new Map<ChannelId, StoreModel>();
  private readonly servers: (ServerModel | undefined)[] = [];
  private readonly devices: DeviceModel[];
  /** By channel, what each server believes. */
  private readonly homes = new Map<ChannelId, number[]>();
  private bus = { drop: 0, double: 0, delayMs: 5 };

  constructor(scenario: Scenario, mutation: Mutation, journal: Journal | undefined) {
    this.scenario = scenario;
    this.mutation = mutation;
    this.journal = journal;
    this.random = new Random(scenario.seed ^ 0x5bd1e995);
    this.gateway = new GatewayModel(this);
    for (const channel of this.channels) {
      const initial = scenario.initial.get(channel) ?? [];
      const store = new StoreModel(channel, initial, this.timeline, this.random, mutation.store ?? {});
      this.stores.set(channel, store);
      const home = this.random.below(scenario.servers);
      this.homes.set(
        channel,
        Array.from({ length: scenario.servers }, () => home),
      );
      for (const { body, seq } of initial) {
        if (body.kind === "created") for (const { user } of body.members) this.index.markIn(user, channel, seq);
      }
    }
    const checks = new LiveChecks(this);
    for (const [channel, store] of this.stores) store.onGrowth = () => checks.onGrowth(channel);
    for (let node = 0; node < scenario.servers; node++) this.servers.push(new ServerModel(this, node));
    this.devices = scenario.devices.map((plan, number) => new DeviceModel(this, number, plan));
  }

  store(channel: ChannelId): StoreModel {
    const found = this.stores.get(channel);
    if (found === undefined) throw new Error(`no channel ${channel}`);
    return found;
  }

  server(node: number): ServerModel | undefined {
    return this.servers[node];
  }

  homeOf(channel: ChannelId, viewer: number): number {
    return this.homes.get(channel)?.[viewer] ?? viewer;
  }

  sendPeer(from: number, to: number, message: PeerMessage, onLost?: () => void): void {
    if (this.mutation.hasFaultlessBus) return this.deliverPeer(from, to, message);
    if (this.random.chance(this.bus.drop)) {
      if (onLost === undefined || this.random.chance(0.5)) return;
      // A publish that took too long: it is told as failed, and may be under way.
      if (this.random.chance(0.5)) this.deliverPeer(from, to, message);
      const sender = this.servers[from];
      if (sender !== undefined) this.timeline.after(this.random.between(1, 30), onLost, sender.owner);
      return;
    }
    this.deliverPeer(from, to, message);
    if (this.random.chance(this.bus.double)) this.deliverPeer(from, to, message);
  }

  run(): Outcome {
    const { scenario, timeline } = this;
    for (const device of this.devices) timeline.after(this.random.below(20), () => device.connect());
    for (const wish of scenario.wishes) timeline.after(wish.at, () => this.devices[wish.device]?.wish(wish));
    for (const fault of scenario.faults) timeline.after(fault.at, () => this.inject(fault));
    timeline.run(scenario.healAt, () => false);
    this.heal();
    const isTooMuch = (): boolean => this.journal === undefined && this.history.violations.length > 0;
    const deadline = timeline.now + healWithinMs;
    while (timeline.now < deadline && !isTooMuch() && !this.isAtRest()) timeline.run(timeline.now + 100, isTooMuch);
    if (!isTooMuch()) this.requireRest();
    timeline.run(timeline.now + lateMs, () => false);
    checkHistory(this.history, this.stores, scenario);
    return {
      violations: this.history.violations,
      history: this.history,
      stores: this.stores,
      endedAt: timeline.now,
      devices: this.devices.map(({ number, user, waiting, reached }) => ({ number, user, waiting, reached })),
    };
  }

  private deliverPeer(from: number, to: number, message: PeerMessage): void {
    const delay = this.random.between(1, this.mutation.hasFaultlessBus ? 5 : this.bus.delayMs);
    this.timeline.after(delay, () => {
      const server = this.servers[to];
      if (server !== undefined) this.timeline.after(0, () => server.receive(from, message), server.owner);
    });
  }

  private inject(fault: Fault): void {
    const { timeline } = this;
    switch (fault.kind) {
      case "kill": {
        const server = this.servers[fault.server];
        if (server === undefined) return;
        server.owner.isDead = true;
        this.servers[fault.server] = undefined;
        timeline.after(this.random.between(1, 40), () => this.gateway.linkFell(server));
        timeline.after(fault.downMs, () => this.restart(fault.server));
        break;
      }
      case "stall": {
        const server = this.servers[fault.server];
        if (server === undefined) return;
        server.owner.stalledUntil = timeline.now + fault.ms;
        if (fault.forgets) timeline.after(0, () => server.logs.forgetAll(), server.owner);
        if (fault.isGivenUp) timeline.after(this.random.between(10, 100), () => this.gateway.linkFell(server));
        break;
      }
      case "home":
        for (let viewer = 0; viewer < this.scenario.servers; viewer++) {
          timeline.after(this.random.below(200), () => this.moveHome(fault.channel, viewer, fault.server));
        }
        break;
      case "election":
        this.store(fault.channel).elect();
        break;
      case "store":
        for (const store of this.stores.values()) {
          store.faults = fault.faults;
          timeline.after(fault.ms, () => {
            if (store.faults === fault.faults) store.faults = noStoreFaults;
          });
        }
        break;
      case "bus": {
        const { drop, double, delayMs } = fault;
        const worse = { drop, double, delayMs };
        this.bus = worse;
        timeline.after(fault.ms, () => {
          if (this.bus === worse) this.bus = { drop: 0, double: 0, delayMs: 5 };
        });
        break;
      }
      case "reconnect":
        this.devices[fault.device]?.connect();
        break;
      case "move":
        this.devices[fault.device]?.move();
        break;
      default:
        fault satisfies never;
    }
  }

  private moveHome(channel: ChannelId, viewer: number, home: number): void {
    const views = this.homes.get(channel);
    if (views === undefined || views[viewer] === home) return;
    views[viewer] = home;
    this.servers[viewer]?.relays.homeMoved(channel);
  }

  private restart(node: number): void {
    this.servers[node] ??= new ServerModel(this, node);
  }

  private heal(): void {
    for (const store of this.stores.values()) store.faults = noStoreFaults;
    this.bus = { drop: 0, double: 0, delayMs: 5 };
    for (let node = 0; node < this.scenario.servers; node++) this.restart(node);
    for (const [channel, views] of this.homes) {
      const home = views[0] ?? 0;
      for (let viewer = 0; viewer < views.length; viewer++) this.moveHome(channel, viewer, home);
    }
  }

  private isAtRest(): boolean {
    return this.unrest() === undefined;
  }

  /** What keeps the system from being at rest (C9). */
  private unrest(): string | undefined {
    for (const device of this.devices) if (!device.isSettled) return `device ${device.number} waits for answers`;
    for (const server of this.servers) {
      if (server === undefined) continue;
      if (!server.logs.isIdle) return `server ${server.node} has requests in a log`;
      for (const { channel, relay } of server.relays.all()) {
        const head = this.store(channel).majority.head();
        if (relay === undefined || relay.cursor < head) return `server ${server.node} relays ${channel} behind ${head}`;
      }
    }
    for (const [channel, store] of this.stores) {
      const head = store.majority.head();
      if (head < store.everything().length) return `${channel}: the log has a hole above ${head}`;
      const fold = foldOf(store.majority.after(0));
      for (const device of this.devices) {
        if (!fold.isMember(device.user)) continue;
        const cursor = device.cursor(channel);
        if (cursor !== head)
          return `device ${device.number} (${device.user}) has ${channel} up to ${cursor} of ${head}`;
      }
    }
    return undefined;
  }

  private requireRest(): void {
    const unrest = this.unrest();
    if (unrest !== undefined) this.history.violate("C9", `${healWithinMs} ms after the last fault: ${unrest}`);
  }
}
