import { TokenError, type TokenVerifier } from "@parley/auth";
import { type Bus, createMemoryBus, type MemoryBus } from "@parley/bus";
import { createMemoryCluster, type MemoryCluster } from "@parley/cluster";
import { type Attachment, createLinkListener, type DownFrame, type GatewayLink, LocalLinks } from "@parley/link";
import type { ChannelId, Seq, ServerFrame } from "@parley/protocol";
import type { MessageStore } from "@parley/store";
import { openMemoryStore } from "@parley/store/testing";
import { createTestTelemetry, type LogLine } from "@parley/telemetry/testing";
import { type ChatServer, startChatServer } from "./chat-server.ts";
import { type ChatServerConfig, chatServerConfig } from "./config.ts";

export interface TestFleet {
  readonly servers: readonly ChatServer[];
  readonly store: MessageStore;
  readonly bus: MemoryBus;
  readonly cluster: MemoryCluster;
  readonly links: LocalLinks;
  /** A link from a gateway of that name to the n-th server. */
  connect(server: number, gateway?: string): Promise<TestGateway>;
  /** Ends the n-th server and starts it again under its old name. */
  restart(server: number): Promise<void>;
  /** Log lines of level error and above: a healthy server has none, whatever the store and the bus do. */
  errors(): readonly LogLine[];
  close(): Promise<void>;
}

/** Chat servers in this process on the real in-process bus, registry and links, and a store that a test may hand in. */
export async function startTestFleet(
  count: number,
  options: { store?: MessageStore; config?: Partial<ChatServerConfig>; wrapBus?: (bus: Bus, node: string) => Bus } = {},
): Promise<TestFleet> {
  const store = options.store ?? openMemoryStore();
  const bus = createMemoryBus();
  const cluster = createMemoryCluster();
  const links = new LocalLinks();
  const servers: ChatServer[] = [];
  const logs: (readonly LogLine[])[] = [];
  const start = async (n: number): Promise<ChatServer> => {
    const node = `chat-${n}`;
    const config = chatServerConfig.with({ offlineGraceMs: 50, ...options.config, node });
    const telemetry = createTestTelemetry(node, "chat-server");
    logs.push(telemetry.lines);
    const listener = createLinkListener({ node, local: links });
    const secret = "0123456789abcdef0123456789abcdef";
    const ownBus = options.wrapBus?.(bus, node) ?? bus;
    return startChatServer(config, { store, bus: ownBus, cluster, tokens, links: listener, telemetry, secret });
  };
  for (let n = 1; n <= count; n++) servers.push(await start(n));
  return {
    servers,
    store,
    bus,
    cluster,
    links,
    connect: async (server, gateway = "gateway-1") => new TestGateway(await links.connect(gateway, `chat-${server}`)),
    restart: async (n) => {
      await servers[n - 1]?.close();
      servers[n - 1] = await start(n);
    },
    errors: () => logs.flat().filter((line) => Number(line.level) >= 50),
    close: async () => {
      await Promise.all(servers.map((server) => server.close()));
      await cluster.close();
      await bus.close();
    },
  };
}

/** Verifies tokens of the form "user" or "user/expired". */
const tokens: TokenVerifier = {
  async verify(token) {
    const [user = "", state] = token.split("/");
    if (state === "expired") throw new TokenError("token_expired", "expired");
    return { user, expiresAt: Date.now() + 3_600_000 };
  },
};

export type Received = ServerFrame & { readonly raw: string };

/** Speaks a gateway's side of a link, and keeps what its sessions would have been sent. */
export class TestGateway {
  readonly link: GatewayLink;
  private next = 1;
  private readonly sessions = new Map<Attachment, TestSession>();

  constructor(link: GatewayLink) {
    this.link = link;
    link.onFrame((frame) => this.handle(frame));
  }

  attach(
    user: string,
    options: {
      device?: string;
      cursors?: Record<ChannelId, Seq>;
      connection?: string;
      isNew?: boolean;
      clockAheadMs?: number;
    } = {},
  ) {
    const attachment = this.next++;
    const session = new TestSession(this.link, attachment);
    this.sessions.set(attachment, session);
    const cursors = Object.entries(options.cursors ?? {});
    for (const [channel, seq] of cursors) session.cursors.set(channel, seq);
    this.link.send({
      type: "attach",
      attachment,
      connection:
        options.connection ?? `${this.link.peer}-${user}-${attachment}-${Math.random().toString(36).slice(2)}`,
      user,
      device: options.device ?? `device-${attachment}`,
      tokenExpiresAt: Date.now() + 3_600_000,
      isNew: options.isNew ?? true,
      cursors,
      since: Date.now() + (options.clockAheadMs ?? 0),
      ageMs: 0,
    });
    return session;
  }

  private handle(frame: DownFrame): void {
    const attachments = "attachments" in frame ? frame.attachments : [frame.attachment];
    for (const attachment of attachments) this.sessions.get(attachment)?.take(frame);
  }
}

/** One session at the test gateway; applies the gateway's cursor rules to what it is sent. */
export class TestSession {
  readonly received: Received[] = [];
  readonly down: DownFrame[] = [];
  readonly cursors = new Map<ChannelId, Seq>();
  private readonly link: GatewayLink;
  private readonly attachment: Attachment;
  private ordinal = 1;
  private readonly waiters: { isMet: () => boolean; resolve: () => void }[] = [];

  constructor(link: GatewayLink, attachment: Attachment) {
    this.link = link;
    this.attachment = attachment;
  }

  /** Sends a frame as the client would have. */
  send(frame: object | string, isRepeat = false): number {
    const bytes = Buffer.from(typeof frame === "string" ? frame : JSON.stringify(frame), "utf8");
    const ordinal = this.ordinal++;
    this.link.send({ type: "request", attachment: this.attachment, ordinal, isRepeat, bytes });
    return ordinal;
  }

  /** Sends a request and resolves to its answer. */
  async ask(frame: { readonly id: string; readonly [field: string]: unknown }): Promise<Received> {
    const seen = this.received.length;
    this.send(frame);
    return this.until((one) => "id" in one && one.id === frame.id && one.type !== "event", seen);
  }

  /** Resolves to the first frame from `from` on that fits. */
  async until(fits: (frame: Received) => boolean, from = 0): Promise<Received> {
    const find = (): Received | undefined => this.received.slice(from).find(fits);
    await this.met(() => find() !== undefined);
    const found = find();
    if (found === undefined) throw new Error("found and lost");
    return found;
  }

  welcome(): Promise<Received> {
    return this.until((frame) => frame.type === "welcome");
  }

  /** The seqs of the events received of a channel, in order of arrival. */
  seqs(channel: ChannelId): Seq[] {
    return this.events(channel).map((event) => event.seq);
  }

  events(channel: ChannelId) {
    return this.received.filter((frame) => frame.type === "event").filter((event) => event.channel === channel);
  }

  met(isMet: () => boolean, deadlineMs = 10_000): Promise<void> {
    if (isMet()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        const last = this.received.slice(-5).map((frame) => frame.raw);
        reject(new Error(`waited in vain; last frames: ${last.join("\n")}`));
      }, deadlineMs);
      this.waiters.push({
        isMet,
        resolve: () => {
          clearTimeout(timer);
          resolve();
        },
      });
    });
  }

  detach(isMoving = false): void {
    this.link.send({ type: "detach", attachment: this.attachment, isMoving });
  }

  take(frame: DownFrame): void {
    this.down.push(frame);
    switch (frame.type) {
      case "attached":
        for (const [channel, seq] of frame.baseline) {
          this.cursors.set(channel, Math.max(seq, this.cursors.get(channel) ?? 0));
        }
        if (frame.payload !== undefined) this.push(frame.payload);
        break;
      case "events": {
        let cursor = this.cursors.get(frame.channel);
        if (cursor === undefined) throw new Error(`events of untracked channel ${frame.channel}`);
        for (const [index, payload] of frame.payloads.entries()) {
          const seq = frame.from + index;
          if (seq <= cursor) continue;
          if (seq > cursor + 1) throw new Error(`a hole in ${frame.channel}: ${seq} after ${cursor}`);
          cursor = seq;
          this.push(payload);
        }
        this.cursors.set(frame.channel, cursor);
        break;
      }
      case "gap": {
        const from = (this.cursors.get(frame.channel) ?? 0) + 1;
        if (frame.to < from) break;
        this.cursors.set(frame.channel, frame.to);
        this.push(Buffer.from(JSON.stringify({ type: "gap", channel: frame.channel, from, to: frame.to })));
        break;
      }
      case "reset":
        this.cursors.set(frame.channel, frame.head);
        this.push(frame.payload);
        break;
      case "track":
        this.cursors.set(frame.channel, Math.max(frame.cursor, this.cursors.get(frame.channel) ?? 0));
        break;
      case "untrack":
        this.cursors.delete(frame.channel);
        break;
      case "direct":
      case "cast":
        this.push(frame.payload);
        break;
      default:
        break;
    }
    for (const waiter of [...this.waiters]) {
      if (!waiter.isMet()) continue;
      this.waiters.splice(this.waiters.indexOf(waiter), 1);
      waiter.resolve();
    }
  }

  private push(payload: Uint8Array): void {
    const raw = Buffer.from(payload).toString("utf8");
    this.received.push({ ...JSON.parse(raw), raw });
  }
}
