import type { DownFrame } from "@parley/link";
import type { ChannelId, Seq, UserId } from "@parley/protocol";
import { createRingCache } from "@parley/ring";
import type { DeviceModel } from "./device-model.ts";
import type { SocketHistory, Written } from "./history.ts";
import type { Seen } from "./journal.ts";
import { LinkModel } from "./link-model.ts";
import { ObserverModel } from "./registry-model.ts";
import { nodeName } from "./scenario.ts";
import type { ServerModel } from "./server-model.ts";
import type { Incarnation } from "./timeline.ts";
import type { World } from "./world.ts";

interface OpenRequest {
  readonly ordinal: number;
  readonly bytes: Uint8Array;
  wasSent: boolean;
}

/** One client's socket, across attachments. */
export class Socket {
  readonly device: DeviceModel;
  readonly user: UserId;
  readonly history: SocketHistory;
  /** ms since 1970, as its gateway's clock says. */
  readonly since: number;
  readonly openedAt: number;
  /** Counts only until a chat server has attached the session. */
  readonly hello: ReadonlyMap<ChannelId, Seq>;
  readonly cursors = new Map<ChannelId, Seq>();
  attachment = 0;
  link: LinkModel | undefined;
  server = -1;
  isOpen = true;
  isLive = false;
  hasWelcome = false;
  kept: Uint8Array | undefined;
  ordinal = 0;
  /** Requests without an answer, as they came (rule 12). */
  open: OpenRequest[] = [];

  constructor(
    device: DeviceModel,
    user: UserId,
    history: SocketHistory,
    since: number,
    openedAt: number,
    hello: ReadonlyMap<ChannelId, Seq>,
  ) {
    this.device = device;
    this.hello = hello;
    this.user = user;
    this.history = history;
    this.since = since;
    this.openedAt = openedAt;
  }
}

/** A chat server that has not attached a session by then is given up, ms. */
const attachWithinMs = 2_000;
const againMs = 50;

/** One gateway: sockets, their cursors and open requests, and which server each is attached to (rules 12 to 14). */
export class GatewayModel {
  readonly name: string;
  readonly owner: Incarnation;
  readonly observer: ObserverModel;
  private readonly world: World;
  private readonly byAttachment = new Map<number, Socket>();
  private readonly sockets = new Set<Socket>();
  private readonly links = new Map<ServerModel, LinkModel>();
  private readonly rings = createRingCache();
  private attachments = 0;

  constructor(world: World, number: number) {
    this.world = world;
    this.name = `gateway-${number}`;
    this.owner = { isDead: false, stalledUntil: 0, skewMs: world.scenario.skewsMs[number] ?? 0 };
    this.observer = new ObserverModel(world, world.registry, this.owner);
  }

  get open(): Iterable<Socket> {
    return this.sockets;
  }

  connect(device: DeviceModel, user: UserId, cursors: ReadonlyMap<ChannelId, Seq>): Socket {
    const { history, journal, timeline } = this.world;
    const number = history.sockets.length;
    const seen: SocketHistory = { number, device: device.number, user, channels: new Map() };
    history.sockets.push(seen);
    journal?.({
      kind: "connected",
      at: timeline.now,
      socket: number,
      device: device.number,
      user,
      cursors: new Map(cursors),
    });
    const socket = new Socket(device, user, seen, timeline.wallOf(this.owner), timeline.now, cursors);
    this.sockets.add(socket);
    this.attach(socket, undefined);
    return socket;
  }

  /** The client is gone. */
  close(socket: Socket): void {
    if (!socket.isOpen) return;
    this.leave(socket, false);
    socket.isOpen = false;
    socket.open = [];
    this.sockets.delete(socket);
    this.tell(socket, { kind: "closed" });
  }

  /** Dies, and its sockets with it. */
  kill(): void {
    this.owner.isDead = true;
    for (const link of this.links.values()) link.close("the gateway died");
    for (const socket of this.sockets) {
      socket.isOpen = false;
      this.tell(socket, { kind: "closed" });
    }
    for (const socket of [...this.sockets]) socket.device.onClosed(socket);
    this.sockets.clear();
  }

  /** Returns the number that the answer will name. */
  request(socket: Socket, bytes: Uint8Array): number {
    const request: OpenRequest = { ordinal: ++socket.ordinal, bytes, wasSent: false };
    socket.open.push(request);
    if (socket.isLive) this.forward(socket, request, false);
    return request.ordinal;
  }

  /** The link to this server fell, or nothing has come of it for too long. */
  linkFell(server: ServerModel): void {
    const link = this.links.get(server);
    if (link === undefined) return;
    link.close("nothing has come of it");
    this.links.delete(server);
    for (const socket of [...this.sockets]) if (socket.link === link) this.attach(socket, server.name);
  }

  /** To another server, or anew to the same. */
  move(socket: Socket): void {
    if (socket.isOpen) this.attach(socket, nodeName(socket.server));
  }

  private forward({ attachment, link }: Socket, request: OpenRequest, isRepeat: boolean): void {
    request.wasSent = true;
    link?.sendUp({ type: "request", attachment, ordinal: request.ordinal, isRepeat, bytes: request.bytes });
  }

  private attach(socket: Socket, avoided: string | undefined): void {
    this.leave(socket, true);
    if (!socket.isOpen) return;
    const { timeline } = this.world;
    const server = this.place(socket.user, avoided);
    if (server === undefined) {
      const { attachment } = socket;
      timeline.after(
        againMs,
        () => {
          if (socket.isOpen && socket.attachment === attachment) this.attach(socket, undefined);
        },
        this.owner,
      );
      return;
    }
    if (this.world.mutation.handsServerCursorOver) this.handOver(socket);
    const link = this.linkTo(server);
    socket.link = link;
    socket.server = server.node;
    const attachment = ++this.attachments;
    socket.attachment = attachment;
    this.byAttachment.set(attachment, socket);
    link.sendUp({
      type: "attach",
      attachment,
      connection: `socket-${socket.history.number}`,
      user: socket.user,
      device: `d${socket.device.number}`,
      tokenExpiresAt: Number.MAX_SAFE_INTEGER,
      isNew: !socket.hasWelcome,
      cursors: [...(socket.hasWelcome ? socket.cursors : socket.hello)],
      since: socket.since,
      ageMs: Math.max(0, timeline.now - socket.openedAt),
      ...(socket.kept === undefined ? {} : { kept: socket.kept }),
    });
    timeline.after(
      attachWithinMs,
      () => {
        if (socket.isOpen && socket.attachment === attachment && !socket.isLive) this.attach(socket, server.name);
      },
      this.owner,
    );
  }

  /** A slip: the cursor becomes that of the server that held the session, whatever of it has arrived. */
  private handOver(socket: Socket): void {
    const before = this.world.servers[socket.server]?.parts.relays;
    for (const [channel, cursor] of socket.cursors) {
      const theirs = before?.find(channel)?.relay?.cursor ?? 0;
      if (theirs > cursor) socket.cursors.set(channel, theirs);
    }
  }

  /** Where the user lives, else where the ring of this gateway's view says; nowhere that can't be dialled. */
  private place(user: UserId, avoided: string | undefined): ServerModel | undefined {
    const view = this.observer.view();
    const up = view.nodes.filter(({ role, state }) => role === "chat-server" && state === "up");
    const ring = this.rings.read(view.version, () => up.map(({ node, weight }) => ({ node, weight })));
    const reach = (node: string): ServerModel | undefined => {
      const server = this.world.servers.find((one) => one?.name === node);
      return server?.isListening && (node !== avoided || up.length === 1) ? server : undefined;
    };
    if (this.observer.isReachable) {
      const claim = this.world.registry.claims.get(user);
      const holder = up.find(({ node, epoch }) => node === claim?.node && epoch === claim.epoch);
      const server = holder === undefined ? undefined : reach(holder.node);
      if (server !== undefined) return server;
    }
    for (const { node } of ring.walk(`user:${user}`)) {
      const server = reach(node);
      if (server === undefined) continue;
      const epoch = up.find((info) => info.node === node)?.epoch ?? 0;
      if (this.observer.isReachable) this.world.registry.claims.set(user, { node, epoch });
      return server;
    }
    return undefined;
  }

  private linkTo(server: ServerModel): LinkModel {
    let link = this.links.get(server);
    if (link === undefined) {
      const made = new LinkModel(this.world, this.name, this.owner, server.owner, (frame) => this.receive(made, frame));
      link = made;
      this.links.set(server, link);
      server.accept(link);
    }
    return link;
  }

  private leave(socket: Socket, isMoving: boolean): void {
    const { attachment, link } = socket;
    link?.sendUp({ type: "detach", attachment, isMoving });
    if (!this.world.mutation.takesOldAttachments) this.byAttachment.delete(attachment);
    socket.link = undefined;
    socket.isLive = false;
    if (this.world.mutation.forgetsOpenRequests) socket.open = [];
  }

  private receive(link: LinkModel, frame: DownFrame): void {
    const attachments = "attachments" in frame ? frame.attachments : [frame.attachment];
    for (const attachment of attachments) {
      const socket = this.byAttachment.get(attachment);
      if (socket === undefined || !socket.isOpen) continue;
      // Frames of any but the current attachment are dropped (rule 13).
      const isCurrent = socket.attachment === attachment && socket.link === link;
      if (isCurrent || this.world.mutation.takesOldAttachments) this.take(socket, frame);
    }
  }

  private take(socket: Socket, frame: DownFrame): void {
    switch (frame.type) {
      case "attached":
        this.attached(socket, frame);
        break;
      case "events":
        this.events(socket, frame.channel, frame.from, frame.payloads);
        break;
      case "gap": {
        const cursor = socket.cursors.get(frame.channel);
        if (cursor === undefined || frame.to <= cursor) break;
        socket.cursors.set(frame.channel, frame.to);
        this.write(socket, frame.channel, { kind: "gap", to: frame.to, at: this.world.timeline.now });
        this.tell(socket, { kind: "gap", channel: frame.channel, from: cursor + 1, to: frame.to });
        socket.device.onGap(frame.channel, frame.to);
        break;
      }
      case "reset": {
        const cursor = socket.cursors.get(frame.channel);
        if (cursor === undefined) break;
        socket.cursors.set(frame.channel, frame.head);
        this.write(socket, frame.channel, {
          kind: "reset",
          from: cursor,
          head: frame.head,
          at: this.world.timeline.now,
        });
        this.tell(socket, { kind: "reset", channel: frame.channel, head: frame.head });
        socket.device.onGap(frame.channel, frame.head);
        break;
      }
      case "track":
        if (!socket.cursors.has(frame.channel)) this.follow(socket, frame.channel, frame.cursor, true);
        break;
      case "untrack":
        if (!socket.cursors.delete(frame.channel)) break;
        this.write(socket, frame.channel, { kind: "end", at: this.world.timeline.now });
        socket.device.onEnd(frame.channel);
        break;
      case "direct":
        if (frame.ordinal === undefined) break;
        this.settle(socket, [frame.ordinal]);
        socket.device.onAnswered(socket, frame.ordinal, frame.payload);
        break;
      case "settled":
        this.settle(socket, frame.ordinals);
        break;
      case "keep":
        socket.kept = frame.kept;
        break;
      case "close":
        this.close(socket);
        socket.device.onClosed(socket);
        break;
      case "reattach":
        this.attach(socket, nodeName(socket.server));
        break;
      case "cast":
        break;
      default:
        frame satisfies never;
    }
  }

  private attached(socket: Socket, frame: DownFrame & { readonly type: "attached" }): void {
    const { mutation } = this.world;
    if (!socket.hasWelcome) {
      socket.hasWelcome = true;
      const heads = headsOf(frame.payload);
      this.tell(socket, { kind: "welcomed", heads });
    }
    for (const [channel, seq] of frame.baseline) {
      if (!socket.cursors.has(channel)) this.follow(socket, channel, seq, false);
    }
    socket.isLive = true;
    for (const request of socket.open) this.forward(socket, request, request.wasSent && !mutation.forgetsRepeats);
  }

  private settle(socket: Socket, ordinals: readonly number[]): void {
    socket.open = socket.open.filter(({ ordinal }) => !ordinals.includes(ordinal));
  }

  private events(socket: Socket, channel: ChannelId, from: Seq, payloads: readonly Uint8Array[]): void {
    for (const [at, payload] of payloads.entries()) {
      const cursor = socket.cursors.get(channel);
      if (cursor === undefined) return;
      const seq = from + at;
      if (!this.world.mutation.hasNoGatewayChecks) {
        if (seq <= cursor) continue;
        if (seq > cursor + 1) {
          // A hole: attach anew from the only cursor there is (rule 14).
          this.attach(socket, undefined);
          return;
        }
      }
      socket.cursors.set(channel, Math.max(cursor, seq));
      this.write(socket, channel, { kind: "event", seq, payload, at: this.world.timeline.now });
      this.tell(socket, { kind: "event", channel, payload });
      socket.device.onEvent(channel, seq);
    }
  }

  private follow(socket: Socket, channel: ChannelId, cursor: Seq, isJoined: boolean): void {
    socket.cursors.set(channel, cursor);
    this.write(socket, channel, { kind: "from", cursor, at: this.world.timeline.now, isJoined });
    socket.device.onFollowed(channel, cursor);
  }

  private tell(socket: Socket, seen: Told): void {
    this.world.journal?.({ ...seen, at: this.world.timeline.now, socket: socket.history.number });
  }

  private write(socket: Socket, channel: ChannelId, written: Written): void {
    const list = socket.history.channels.get(channel);
    if (list === undefined) socket.history.channels.set(channel, [written]);
    else list.push(written);
  }
}

type Without<T, K extends string> = T extends unknown ? Omit<T, K> : never;
type Told = Without<Exclude<Seen, { readonly kind: "connected" | "asked" | "answered" }>, "at" | "socket">;

function headsOf(welcome: Uint8Array | undefined): ReadonlyMap<ChannelId, Seq> {
  if (welcome === undefined) return new Map();
  const frame: { readonly channels: readonly { readonly channel: ChannelId; readonly head: Seq }[] } = JSON.parse(
    Buffer.from(welcome).toString(),
  );
  return new Map(frame.channels.map(({ channel, head }) => [channel, head]));
}
