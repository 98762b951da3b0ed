import type { TokenVerifier } from "@parley/auth";
import type { Lease } from "@parley/cluster";
import { createTelemetry } from "@parley/telemetry";
import { chatServerConfig } from "../config.ts";
import { createParts, type Parts, partKinds, watchOver } from "../parts.ts";
import type { LinkModel } from "./link-model.ts";
import { ObserverModel } from "./registry-model.ts";
import { hashKey, logLimits, nodeName } from "./scenario.ts";
import { StorePort } from "./store-port.ts";
import type { Incarnation } from "./timeline.ts";
import type { World } from "./world.ts";

/** Log lines of level error and above: whatever the world does, a server has none. */
export const errorLines: string[] = [];

const telemetry = createTelemetry({
  node: "simulation",
  role: "chat-server",
  level: "error",
  destination: { write: (line: string) => void errorLines.push(line) },
});

const tokens: TokenVerifier = { verify: async (user) => ({ user, expiresAt: Number.MAX_SAFE_INTEGER }) };

const config = chatServerConfig.with({
  ...logLimits,
  node: "chat-0",
  resumeEventsMax: 12,
  requestsPerSecond: 10_000,
  offlineGraceMs: 500,
});

/** One incarnation of a chat server: all of production's parts, on a clock, a store, a bus and links of the model. */
export class ServerModel {
  readonly node: number;
  readonly name: string;
  readonly owner: Incarnation;
  readonly observer: ObserverModel;
  readonly parts: Parts;
  /** Links are taken from here on. */
  isListening = false;
  private readonly world: World;
  private readonly links = new Set<LinkModel>();
  private lease: Lease | undefined;

  constructor(world: World, node: number) {
    this.world = world;
    this.node = node;
    this.name = nodeName(node);
    const { mutation, random, registry, scenario, timeline } = world;
    this.owner = { isDead: false, stalledUntil: 0, skewMs: scenario.skewsMs[node] ?? 0 };
    const { owner } = this;
    this.observer = new ObserverModel(world, registry, owner);
    const store = new StorePort(world, owner);
    const cluster = this.observer.cluster;
    const plain = {
      clock: timeline.clockOf(owner, random),
      store,
      bus: world.bus.portOf(owner),
      cluster,
      tokens,
      telemetry,
      secret: hashKey,
    };
    const context = { world, owner, node };
    const ports = mutation.ports?.(plain, context) ?? plain;
    const kinds = mutation.kinds?.(partKinds, context) ?? partKinds;
    this.parts = createParts({ ...config, node: this.name }, ports, kinds);
    void this.start(ports.bus);
  }

  /** The chat server's end of a new link. */
  accept(link: LinkModel): void {
    this.links.add(link);
    this.parts.sessions.acceptLink(link);
  }

  /** Dies, and its links with it. */
  kill(): void {
    this.owner.isDead = true;
    this.world.bus.disconnect(this.owner);
    for (const link of this.links) link.isOpen = false;
  }

  /** As production drains: leaves the ring, sends its sessions on. */
  drain(): void {
    void this.lease?.update({ state: "draining" });
    for (const session of [...this.parts.sessions.all()]) {
      session.link.send({ type: "reattach", attachment: session.attachment });
    }
  }

  /** Out of the ring and back: what others see of it flaps. */
  flap(isOut: boolean): void {
    void this.lease?.update({ state: isOut ? "draining" : "up" });
  }

  private async start(bus: Parameters<typeof watchOver>[2]): Promise<void> {
    await this.parts.peers.open();
    this.isListening = true;
    this.lease = await this.observer.join({
      node: this.name,
      role: "chat-server",
      address: this.name,
      process: this.name,
      weight: 0.1,
      state: "up",
      load: { sessions: 0, eventLoopDelayMs: 0, cpu: 0 },
    });
    watchOver(this.parts, this.lease, bus, telemetry);
  }
}
