import type { ChannelId, Seq, UserId } from "@parley/protocol";
import type { Answer, AppendRequest } from "../channel/request.ts";
import type { DeviceModel } from "./device-model.ts";
import type { SocketHistory, Written } from "./history.ts";
import type { ServerModel } from "./server-model.ts";
import type { Down } from "./session-model.ts";
import type { World } from "./world.ts";

/** One client's socket, across attachments. */
export class Socket {
  readonly device: DeviceModel;
  readonly user: UserId;
  readonly history: SocketHistory;
  readonly cursors = new Map<ChannelId, Seq>();
  attachment = 0;
  server: ServerModel | undefined;
  isOpen = true;
  isNew = true;
  hasWelcome = false;
  ordinal = 0;
  /** Requests without an answer (rule 12). */
  readonly open = new Map<number, (answer: Answer) => void>();

  constructor(device: DeviceModel, user: UserId, history: SocketHistory) {
    this.device = device;
    this.user = user;
    this.history = history;
  }
}

type Told =
  | { readonly kind: "gap"; readonly channel: ChannelId; readonly from: Seq; readonly to: Seq }
  | { readonly kind: "event"; readonly channel: ChannelId; readonly payload: Uint8Array };

/** One gateway: sockets, their cursors, and which server each is attached to (rules 12 to 14). */
export class GatewayModel {
  private readonly world: World;
  private readonly byAttachment = new Map<number, Socket>();
  private readonly sockets = new Set<Socket>();
  private attachments = 0;

  constructor(world: World) {
    this.world = world;
  }

  get open(): Iterable<Socket> {
    return this.sockets;
  }

  connect(device: DeviceModel, user: UserId, cursors: ReadonlyMap<ChannelId, Seq>): Socket {
    const { sockets } = this.world.history;
    const number = sockets.length;
    const history: SocketHistory = { number, device: device.number, user, channels: new Map() };
    sockets.push(history);
    const at = this.world.timeline.now;
    const seen = { device: device.number, user, cursors: new Map(cursors) };
    this.world.journal?.({ kind: "connected", at, socket: number, ...seen });
    const socket = new Socket(device, user, history);
    for (const [channel, seq] of cursors) this.follow(socket, channel, seq, false);
    this.sockets.add(socket);
    this.attach(socket, undefined);
    return socket;
  }

  close(socket: Socket): void {
    // Nobody hears what was still to be answered.
    socket.open.clear();
    this.leave(socket);
    socket.isOpen = false;
    this.sockets.delete(socket);
    this.world.journal?.({ kind: "closed", at: this.world.timeline.now, socket: socket.history.number });
  }

  /** Sends a request on; its answer is told to `done`, or `unavailable` where the attachment is lost. */
  request(socket: Socket, request: AppendRequest, done: (answer: Answer) => void): void {
    const { server, attachment } = socket;
    if (server === undefined) return this.world.timeline.after(1, () => done(unavailable));
    const ordinal = ++socket.ordinal;
    socket.open.set(ordinal, done);
    server.receiveUp(() => server.request(attachment, ordinal, request));
  }

  receive(attachment: number, frame: Down): void {
    const socket = this.byAttachment.get(attachment);
    if (socket === undefined || !socket.isOpen) return;
    // Frames of any but the current attachment are dropped (rule 13).
    if (socket.attachment !== attachment && !this.world.mutation.takesOldAttachments) return;
    this.take(socket, frame);
  }

  /** The link to this server fell, or nothing has come of it for too long. */
  linkFell(server: ServerModel): void {
    for (const socket of [...this.sockets]) if (socket.server === server) this.attach(socket, server);
  }

  /** To another server, or anew to the same. */
  move(socket: Socket): void {
    if (socket.isOpen) this.attach(socket, socket.server);
  }

  private attach(socket: Socket, from: ServerModel | undefined): void {
    this.leave(socket);
    if (!socket.isOpen) return;
    const { random, scenario, timeline } = this.world;
    const servers = Array.from({ length: scenario.servers }, (_, node) => this.world.server(node)).filter(
      (server) => server !== undefined && !server.owner.isDead && (server !== from || scenario.servers === 1),
    );
    const server = servers[random.below(Math.max(servers.length, 1))];
    if (server === undefined) {
      const attachment = socket.attachment;
      timeline.after(30, () => {
        if (socket.isOpen && socket.attachment === attachment) this.attach(socket, undefined);
      });
      return;
    }
    socket.server = server;
    socket.attachment = ++this.attachments;
    this.byAttachment.set(socket.attachment, socket);
    const { attachment, user } = socket;
    const isNew = socket.isNew && !socket.hasWelcome;
    const cursors = new Map(socket.cursors);
    server.receiveUp(() => server.attach(attachment, user, cursors, isNew));
  }

  private leave(socket: Socket): void {
    const { server, attachment } = socket;
    if (server !== undefined) server.receiveUp(() => server.detach(attachment));
    if (!this.world.mutation.takesOldAttachments) this.byAttachment.delete(attachment);
    socket.server = undefined;
    const open = [...socket.open.values()];
    socket.open.clear();
    for (const done of open) done(unavailable);
  }

  private take(socket: Socket, frame: Down): void {
    switch (frame.type) {
      case "attached": {
        if (!socket.hasWelcome) {
          const { number } = socket.history;
          this.world.journal?.({ kind: "welcomed", at: this.world.timeline.now, socket: number, heads: new Map() });
        }
        socket.hasWelcome = true;
        for (const [channel, seq] of frame.baseline) {
          const cursor = socket.cursors.get(channel);
          if (cursor === undefined) this.follow(socket, channel, seq, false);
          else if (this.world.mutation.handsServerCursorOver) socket.cursors.set(channel, Math.max(cursor, seq));
        }
        break;
      }
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
      case "track":
        if (!socket.cursors.has(frame.channel)) this.follow(socket, frame.channel, frame.cursor, !frame.isGapNext);
        break;
      case "untrack":
        if (!socket.cursors.delete(frame.channel)) break;
        this.write(socket, frame.channel, { kind: "end", at: this.world.timeline.now });
        socket.device.onEnd(frame.channel);
        break;
      case "answer": {
        const done = socket.open.get(frame.ordinal);
        socket.open.delete(frame.ordinal);
        done?.(frame.answer);
        break;
      }
      default:
        frame satisfies never;
    }
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

const unavailable: Answer = { ok: false, code: "unavailable", message: "moved", retryAfterMs: 10, isUnknown: true };
