import type { ChannelId, Seq, UserId } from "@parley/protocol";
import type { MessageStore } from "@parley/store";
import { BesideModel } from "./beside-model.ts";
import { BusModel, noBusFaults } from "./bus-model.ts";
import { checkHistory } from "./checker.ts";
import { DeviceModel } from "./device-model.ts";
import { foldOf } from "./fold-of.ts";
import { GatewayModel } from "./gateway-model.ts";
import { History, type Violation } from "./history.ts";
import { IndexModel } from "./index-model.ts";
import type { Journal } from "./journal.ts";
import { LiveChecks } from "./live-checks.ts";
import { Random } from "./random.ts";
import { RegistryModel } from "./registry-model.ts";
import type { Fault, Scenario } from "./scenario.ts";
import { errorLines, ServerModel } from "./server-model.ts";
import { noStoreFaults, StoreModel } from "./store-model.ts";
import { StorePort } from "./store-port.ts";
import { type Incarnation, Timeline } from "./timeline.ts";
import type { Mutation, World } from "./world.ts";

export interface Outcome {
  readonly violations: readonly Violation[];
  readonly history: History;
  readonly stores: ReadonlyMap<ChannelId, StoreModel>;
  /** Virtual time at the end, ms. */
  readonly endedAt: number;
  readonly steps: number;
  /** How far each device got. */
  readonly devices: readonly {
    readonly number: number;
    readonly user: UserId;
    readonly waiting: number;
    readonly reached: ReadonlyMap<ChannelId, Seq>;
    readonly isAway: boolean;
  }[];
}

/** Longest time that everything may take to come to rest once the faults have ended, ms. */
const healWithinMs = 12_000;
/** Late copies of commands land within this time, ms. */
const lateMs = 1_500;
const flapMs = 500;

/**
 * Runs a scenario: a safety phase with faults, then all is healed and must come to rest. With a journal it goes on to
 * the end whatever is found.
 */
export function simulate(scenario: Scenario, mutation: Mutation = {}, journal?: Journal): Promise<Outcome> {
  return new Simulation(scenario, mutation, journal).run();
}

class Simulation implements World {
  readonly scenario: Scenario;
  readonly mutation: Mutation;
  readonly journal: Journal | undefined;
  readonly timeline = new Timeline();
  readonly random: Random;
  readonly index = new IndexModel();
  readonly beside = new BesideModel();
  readonly history = new History();
  readonly registry = new RegistryModel();
  readonly bus: BusModel;
  readonly gateways: GatewayModel[] = [];
  readonly servers: (ServerModel | undefined)[] = [];
  storeFaults = noStoreFaults;
  private readonly checks: LiveChecks;
  private readonly stores = new Map<ChannelId, StoreModel>();
  private readonly devices: DeviceModel[];

  constructor(scenario: Scenario, mutation: Mutation, journal: Journal | undefined) {
    this.scenario = scenario;
    this.mutation = mutation;
    this.journal = journal;
    this.random = new Random(scenario.seed ^ 0x5bd1e995);
    this.bus = new BusModel(this);
    this.checks = new LiveChecks(this);
    for (const [channel, initial] of scenario.initial) {
      this.store(channel);
      for (const { body, seq } of initial) {
        if (body.kind === "created") for (const { user } of body.members) this.index.markIn(user, channel, seq);
      }
    }
    for (let node = 0; node < scenario.servers; node++) this.servers.push(new ServerModel(this, node));
    for (let gateway = 0; gateway < scenario.gateways; gateway++) this.gateways.push(new GatewayModel(this, gateway));
    this.devices = scenario.devices.map((plan, number) => new DeviceModel(this, number, plan));
  }

  store(channel: ChannelId): StoreModel {
    const found = this.stores.get(channel);
    if (found !== undefined) return found;
    const initial = this.scenario.initial.get(channel) ?? [];
    const { mutation, random, timeline } = this;
    const made = new StoreModel(channel, initial, timeline, random, mutation.store ?? {}, () => this.storeFaults);
    made.onGrowth = () => this.checks.onGrowth(channel);
    this.stores.set(channel, made);
    return made;
  }

  storePort(owner: Incarnation): MessageStore {
    return new StorePort(this, owner);
  }

  async run(): Promise<Outcome> {
    const { history, scenario, timeline } = this;
    errorLines.length = 0;
    for (const device of this.devices) timeline.after(this.random.below(20), () => device.connect());
    for (const wish of scenario.wishes) timeline.after(wish.at, () => this.devices[wish.device]?.wish(wish));
    for (const fault of scenario.faults) timeline.after(fault.at, () => this.inject(fault));
    await timeline.run(scenario.healAt, () => false);
    this.heal();
    const isTooMuch = (): boolean => this.journal === undefined && history.violations.length > 0;
    const deadline = timeline.now + healWithinMs;
    while (timeline.now < deadline && !isTooMuch() && this.unrest() !== undefined) {
      await timeline.run(timeline.now + 100, isTooMuch);
    }
    if (!isTooMuch()) this.requireRest();
    await timeline.run(timeline.now + lateMs, () => false);
    for (const server of this.servers) if (server !== undefined) server.owner.isDead = true;
    checkHistory(history, this.stores, scenario);
    for (const line of errorLines) history.violate("C10", `an error was logged: ${line.slice(0, 400)}`);
    return {
      violations: history.violations,
      history,
      stores: this.stores,
      endedAt: timeline.now,
      steps: timeline.steps,
      devices: this.devices.map(({ number, user, waiting, reached, isAway }) => ({
        number,
        user,
        waiting,
        reached,
        isAway,
      })),
    };
  }

  private inject(fault: Fault): void {
    const { random, registry, timeline } = this;
    switch (fault.kind) {
      case "kill":
        this.kill(fault.server, fault.downMs);
        break;
      case "drain":
        this.servers[fault.server]?.drain();
        timeline.after(random.between(200, 800), () => this.kill(fault.server, fault.downMs));
        break;
      case "stall": {
        const server = this.servers[fault.server];
        if (server === undefined) return;
        // Never shorter: what was put off already would be overtaken by what comes later.
        server.owner.stalledUntil = Math.max(server.owner.stalledUntil, timeline.now + fault.ms);
        if (fault.isGivenUp) timeline.after(random.between(10, 1_000), () => this.linksFall(server));
        break;
      }
      case "flap":
        for (let time = 0; time < fault.times; time++) {
          timeline.after(time * 2 * flapMs, () => this.flap(fault.server, true));
          timeline.after((time * 2 + 1) * flapMs, () => this.flap(fault.server, false));
        }
        break;
      case "blind": {
        const server = this.servers[fault.server];
        if (server !== undefined) server.observer.blindUntil = timeline.now + fault.ms;
        break;
      }
      case "registry":
        registry.setAway(true, timeline.now);
        if (fault.isEmptied) registry.wipe(timeline.now);
        timeline.after(fault.ms, () => registry.setAway(false, timeline.now));
        break;
      case "election":
        this.store(fault.channel).elect();
        break;
      case "store":
        this.storeFaults = fault.faults;
        timeline.after(fault.ms, () => {
          if (this.storeFaults === fault.faults) this.storeFaults = noStoreFaults;
        });
        break;
      case "bus":
        this.bus.faults = fault.faults;
        timeline.after(fault.ms, () => {
          if (this.bus.faults === fault.faults) this.bus.faults = noBusFaults;
        });
        break;
      case "bus-away":
        this.bus.setAway(true);
        timeline.after(fault.ms, () => this.bus.setAway(false));
        break;
      case "gateway": {
        const { gateway } = fault;
        this.gateways[gateway]?.kill();
        // Its place is taken at once by one that is not up yet.
        this.gateways[gateway] = new GatewayModel(this, gateway);
        break;
      }
      case "reconnect":
        this.devices[fault.device]?.connect();
        break;
      case "move":
        this.devices[fault.device]?.move();
        break;
      case "away":
        this.devices[fault.device]?.leave();
        break;
      default:
        fault satisfies never;
    }
  }

  private flap(node: number, isOut: boolean): void {
    const server = this.servers[node];
    if (server !== undefined) this.timeline.after(0, () => server.flap(isOut), server.owner);
  }

  private kill(node: number, downMs: number): void {
    const server = this.servers[node];
    if (server === undefined) return;
    server.kill();
    this.servers[node] = undefined;
    this.timeline.after(this.random.between(1, 40), () => this.linksFall(server));
    this.timeline.after(downMs, () => this.restart(node));
  }

  private linksFall(server: ServerModel): void {
    for (const gateway of this.gateways) gateway.linkFell(server);
  }

  private restart(node: number): void {
    this.servers[node] ??= new ServerModel(this, node);
  }

  private heal(): void {
    const { now } = this.timeline;
    this.storeFaults = noStoreFaults;
    this.bus.faults = noBusFaults;
    this.bus.setAway(false);
    this.registry.setAway(false, now);
    for (let node = 0; node < this.scenario.servers; node++) {
      this.restart(node);
      const server = this.servers[node];
      if (server === undefined) continue;
      server.observer.blindUntil = 0;
    }
  }

  /** What keeps the system from being at rest (C9, and rule 21 of presence). */
  private unrest(): string | undefined {
    for (const device of this.devices) {
      if (!device.isAway && !device.isSettled) return `device ${device.number} waits for answers`;
    }
    for (const server of this.servers) {
      for (const { channel, holders, relay } of server?.parts.relays.all() ?? []) {
        const head = this.store(channel).majority.head();
        if (holders > 0 && (relay === undefined || relay.cursor < head))
          return `server ${server?.node} relays ${channel} behind ${head}`;
      }
    }
    for (const [channel, store] of this.stores) {
      const head = store.majority.head();
      // A restored log is mended by whoever appends to it first.
      const isAsked = this.history.attempts.some(({ request }) => request.channel === channel);
      if (isAsked && head < store.everything().length) return `${channel}: the log has a hole above ${head}`;
      const fold = foldOf(store.majority.after(0));
      for (const device of this.devices) {
        if (device.isAway || !fold.isMember(device.user)) continue;
        const cursor = device.cursor(channel);
        if (cursor !== head)
          return `device ${device.number} (${device.user}) has ${channel} up to ${cursor} of ${head}`;
      }
    }
    return this.wrongPresence();
  }

  private wrongPresence(): string | undefined {
    for (const { user } of this.scenario.devices) {
      const isOnline = this.devices.some((device) => device.user === user && !device.isAway);
      const isShown = this.registry.presence.connectionsOf(user).length > 0;
      if (isOnline !== isShown) return `presence: ${user} is ${isOnline ? "online" : "offline"}, and not shown so`;
    }
    return undefined;
  }

  private requireRest(): void {
    const unrest = this.unrest();
    if (unrest === undefined) return;
    const rule = unrest.startsWith("presence") ? "21" : "C9";
    this.history.violate(rule, `${healWithinMs} ms after the last fault: ${unrest}`);
  }
}
