import type { ChannelId, RequestId, Seq, UserId } from "@parley/protocol";
import { contentHash } from "../channel/content-hash.ts";
import type { Answer, AppendRequest, Wish } from "../channel/request.ts";
import type { GatewayModel, Socket } from "./gateway-model.ts";
import type { Attempt, Operation } from "./history.ts";
import { createId, direct, hashKey, type PlannedDevice, type PlannedWish } from "./scenario.ts";
import type { World } from "./world.ts";

interface Entry {
  readonly operation: Operation;
  id: RequestId;
  prev: RequestId | undefined;
  sentPrev: RequestId | undefined;
  isOnWire: boolean;
  openCopies: number;
  inconclusive: number;
}

interface Outbox {
  entries: Entry[];
  last: RequestId | undefined;
  isProbing: boolean;
  retryAt: number;
}

const reconnectMs = 60;

/** One device with an outbox that abides by rules 8 to 10, as the SDK does. */
export class DeviceModel {
  readonly number: number;
  readonly user: UserId;
  private readonly plan: PlannedDevice;
  private readonly world: World;
  private readonly outboxes = new Map<string, Outbox>();
  private readonly cursors = new Map<ChannelId, Seq>();
  private gateway: GatewayModel | undefined;
  private socket: Socket | undefined;
  /** By the number that the answer names. */
  private waitingFor = new Map<number, (frame: ServerFrame) => void>();
  private ids = 0;
  /** It has gone for good. */
  isAway = false;

  constructor(world: World, number: number, plan: PlannedDevice) {
    this.world = world;
    this.number = number;
    this.plan = plan;
    this.user = plan.user;
  }

  get isSettled(): boolean {
    return this.waiting === 0;
  }

  /** Requests that are not settled. */
  get waiting(): number {
    let count = 0;
    for (const { entries } of this.outboxes.values()) count += entries.length;
    return count;
  }

  /** Where this device stands in each channel that it is in. */
  get reached(): ReadonlyMap<ChannelId, Seq> {
    return this.socket?.cursors ?? this.cursors;
  }

  /** A new socket, with the cursors of the old; what has no answer is unknown. */
  connect(): void {
    if (this.isAway) return;
    if (this.socket !== undefined) this.gateway?.close(this.socket);
    this.forgetSocket();
    const { gateways, random } = this.world;
    this.gateway = random.pick(gateways);
    this.socket = this.gateway.connect(this, this.user, this.cursors);
    for (const queue of this.outboxes.keys()) this.flush(queue);
  }

  /** Goes, and does not come back. */
  leave(): void {
    if (this.socket !== undefined) this.gateway?.close(this.socket);
    this.socket = undefined;
    this.isAway = true;
  }

  move(): void {
    if (this.socket !== undefined) this.gateway?.move(this.socket);
  }

  cursor(channel: ChannelId): Seq | undefined {
    return this.socket?.cursors.get(channel);
  }

  onClosed(socket: Socket): void {
    if (this.socket !== socket) return;
    this.forgetSocket();
    this.world.timeline.after(reconnectMs + this.world.random.below(reconnectMs), () => {
      if (this.socket === undefined) this.connect();
    });
  }

  onFollowed(channel: ChannelId, cursor: Seq): void {
    this.cursors.set(channel, cursor);
  }

  onEvent(channel: ChannelId, seq: Seq): void {
    this.cursors.set(channel, seq);
  }

  onGap(channel: ChannelId, to: Seq): void {
    this.cursors.set(channel, to);
  }

  onEnd(channel: ChannelId): void {
    this.cursors.delete(channel);
  }

  onAnswered(socket: Socket, ordinal: number, payload: Uint8Array): void {
    if (this.socket !== socket) return;
    const done = this.waitingFor.get(ordinal);
    this.waitingFor.delete(ordinal);
    done?.(JSON.parse(Buffer.from(payload).toString()));
  }

  wish(planned: PlannedWish): void {
    if (this.isAway) return;
    if (planned.kind === "page") return this.readPage(planned);
    const wish = this.toWish(planned);
    const { channel } = planned;
    if (planned.isRaw) return this.sendRaw(channel, wish, planned.choice);
    const isCall = !isMessage(wish);
    const id = wish.kind === "create" && wish.channelKind === "group" ? createId : this.nextId();
    // Calls of the SDK go beside the outbox, and link to nothing.
    const queue = isCall ? `${channel}/calls` : channel;
    const outbox = this.outboxOf(queue);
    const isChained = this.plan.isChained && !isCall;
    const prev = isChained ? outbox.last : undefined;
    const operation = this.note(channel, id, wish, isChained, false);
    outbox.entries.push({
      operation,
      id,
      prev,
      sentPrev: undefined,
      isOnWire: false,
      openCopies: 0,
      inconclusive: 0,
    });
    outbox.last = id;
    this.flush(queue);
  }

  private note(channel: ChannelId, id: RequestId, wish: Wish, isChained: boolean, isRaw: boolean): Operation {
    const { history, timeline } = this.world;
    const operation: Operation = {
      number: history.operations.length,
      device: this.number,
      request: { channel, sender: this.user, id, hash: contentHash(hashKey, wish), wish },
      isChained,
      isRaw,
      invokedAt: timeline.now,
      state: "open",
      settledAt: 0,
    };
    history.operations.push(operation);
    return operation;
  }

  private forgetSocket(): void {
    this.socket = undefined;
    this.waitingFor = new Map();
    for (const outbox of this.outboxes.values()) {
      outbox.isProbing = false;
      outbox.retryAt = 0;
      for (const entry of outbox.entries) entry.isOnWire = false;
    }
  }

  private nextId(): RequestId {
    return `${this.user}${this.number}-${++this.ids}`;
  }

  private toWish({ kind, user, choice, channel }: PlannedWish): Wish {
    const seen = this.cursors.get(channel) ?? 1;
    const target = 1 + (choice % (seen + 1));
    switch (kind) {
      case "message": {
        const text = `${this.number}.${this.world.history.operations.length}`;
        return choice % 5 === 0 ? { kind, text, replyTo: target } : { kind, text };
      }
      case "edit":
        return { kind, target, text: `edit ${this.number}.${this.world.history.operations.length}` };
      case "delete":
        return { kind, target };
      case "reaction":
        return { kind, target, emoji: "+" };
      case "invite":
      case "remove":
        return { kind, user };
      case "leave":
        return { kind };
      case "role":
        return { kind, user, role: (["owner", "moderator", "member", "reader"] as const)[choice % 4] ?? "member" };
      case "create":
        return { kind, channelKind: channel === direct ? "direct" : "group", members: [user] };
      default:
        throw new Error(`${kind} is no wish of a log`);
    }
  }

  /** The id of an earlier request with other content: at most one of the two may get in. */
  private sendRaw(channel: ChannelId, wish: Wish, choice: number): void {
    const { history, timeline } = this.world;
    const own = history.operations.filter(
      ({ request }) => request.sender === this.user && request.channel === channel && request.wish.kind !== "create",
    );
    const other = own[choice % Math.max(own.length, 1)];
    if (other === undefined || this.socket === undefined) return;
    const { id } = other.request;
    const hash = contentHash(hashKey, wish);
    if (own.some(({ request }) => request.id === id && request.hash === hash)) return;
    const operation = this.note(channel, id, wish, false, true);
    this.transmit(operation, operation.request, (answer) => {
      operation.settledAt = timeline.now;
      if (answer.ok) operation.state = "acked";
      else operation.state = answer.isUnknown || isRetryable(answer) ? "unknown" : "refused";
    });
  }

  private transmit(operation: Operation, request: AppendRequest, done: (answer: Answer) => void): void {
    const { history, journal, timeline } = this.world;
    const { socket } = this;
    if (socket === undefined) return;
    const attempt: Attempt = {
      operation,
      request,
      server: socket.server,
      sentAt: timeline.now,
      answer: undefined,
      answeredAt: 0,
    };
    history.attempts.push(attempt);
    const { number } = socket.history;
    journal?.({ kind: "asked", at: timeline.now, socket: number, operation: operation.number, request });
    this.ask(socket, toFrame(request), (frame) => {
      const answer = toAnswer(frame);
      attempt.answer = answer;
      attempt.answeredAt = timeline.now;
      journal?.({ kind: "answered", at: timeline.now, socket: number, request, answer });
      done(answer);
    });
  }

  private ask(socket: Socket, frame: object, done: (frame: ServerFrame) => void): void {
    const ordinal = this.gateway?.request(socket, Buffer.from(JSON.stringify(frame)));
    if (ordinal !== undefined) this.waitingFor.set(ordinal, done);
  }

  private readPage({ channel, choice }: PlannedWish): void {
    const { socket } = this;
    const { history, journal, timeline } = this.world;
    if (socket === undefined) return;
    const id = this.nextId();
    const cursor = this.cursors.get(channel) ?? 0;
    const where = [{}, { after: choice % (cursor + 1) }, { before: 1 + (choice % (cursor + 2)) }][choice % 3] ?? {};
    const page = {
      user: this.user,
      channel,
      askedAt: timeline.now,
      floor: history.floorOf(this.user, channel),
      ...where,
    };
    const { number } = socket.history;
    journal?.({ kind: "read", at: timeline.now, socket: number, id, channel, ...where });
    this.ask(socket, { type: "history", id, channel, limit: 2 + (choice % 9), ...where }, (frame) => {
      const { events } = frame;
      if (frame.type !== "result" || events === undefined) return;
      const isComplete = frame.complete === true;
      history.pages.push({ ...page, answeredAt: timeline.now, events, isComplete });
      journal?.({ kind: "page", at: timeline.now, socket: number, id, events, isComplete });
    });
  }

  private flush(queue: string): void {
    const outbox = this.outboxOf(queue);
    const { timeline } = this.world;
    if (timeline.now < outbox.retryAt || this.socket === undefined) return;
    const window = outbox.isProbing ? 1 : this.plan.window;
    for (const entry of outbox.entries.slice(0, window)) if (!entry.isOnWire) this.send(queue, outbox, entry);
  }

  private send(queue: string, outbox: Outbox, entry: Entry): void {
    const { operation } = entry;
    if (this.world.mutation.takesNewIdOnRetry && entry.openCopies > 0) entry.id = this.nextId();
    entry.isOnWire = true;
    entry.openCopies++;
    entry.sentPrev = entry.prev;
    const request = { ...operation.request, id: entry.id, ...(entry.prev === undefined ? {} : { prev: entry.prev }) };
    this.transmit(operation, request, (answer) => this.onAnswer(queue, outbox, entry, answer));
  }

  private onAnswer(queue: string, outbox: Outbox, entry: Entry, answer: Answer): void {
    if (!outbox.entries.includes(entry)) return;
    if (answer.ok) return this.settle(queue, outbox, entry, "acked");
    entry.isOnWire = false;
    const verdict = this.judge(entry, answer);
    if (verdict !== "retry") return this.settle(queue, outbox, entry, verdict);
    outbox.isProbing = true;
    const at = outbox.entries.indexOf(entry);
    const successor = outbox.entries[at + 1];
    if (this.world.mutation.relinksUnsettled && successor !== undefined) successor.prev = entry.prev;
    const again = Math.min(answer.retryAfterMs ?? 20, 200) + this.world.random.below(20);
    const delay = entry.prev !== entry.sentPrev ? 0 : again;
    if (at === 0) outbox.retryAt = this.world.timeline.now + delay;
    this.world.timeline.after(delay, () => this.flush(queue));
  }

  /** As the SDK's `judgeError`. */
  private judge(entry: Entry, answer: Answer & { ok: false }): "retry" | "refused" | "unknown" {
    if (this.world.mutation.takesUnavailableForRefused && answer.isUnknown) return "refused";
    if (isRetryable(answer) || answer.isUnknown) return "retry";
    entry.openCopies--;
    // A `conflict` is about the id alone, and so is true whoever judges it and whenever.
    if (entry.openCopies <= 0 || answer.code === "conflict") return "refused";
    entry.inconclusive++;
    return entry.inconclusive < 5 ? "retry" : "unknown";
  }

  private settle(queue: string, outbox: Outbox, entry: Entry, state: "acked" | "refused" | "unknown"): void {
    const at = outbox.entries.indexOf(entry);
    outbox.entries.splice(at, 1);
    entry.operation.state = state;
    entry.operation.settledAt = this.world.timeline.now;
    outbox.isProbing = false;
    outbox.retryAt = 0;
    if (state !== "acked") {
      const successor = outbox.entries[at];
      if (successor !== undefined) successor.prev = entry.prev;
      else if (outbox.last === entry.id) outbox.last = entry.prev;
    }
    this.flush(queue);
  }

  private outboxOf(queue: string): Outbox {
    const known = this.outboxes.get(queue);
    if (known !== undefined) return known;
    const made: Outbox = { entries: [], last: undefined, isProbing: false, retryAt: 0 };
    this.outboxes.set(queue, made);
    return made;
  }
}

interface ServerFrame {
  readonly type: string;
  readonly id?: RequestId;
  readonly channel?: ChannelId;
  readonly seq?: Seq;
  readonly time?: number;
  readonly duplicate?: true;
  readonly code?: (Answer & { ok: false })["code"];
  readonly message?: string;
  readonly retryAfterMs?: number;
  readonly unknown?: true;
  readonly events?: readonly PageFrame[];
  readonly complete?: boolean;
}

/** An event as a page shows it. */
export interface PageFrame {
  readonly channel: ChannelId;
  readonly seq: Seq;
  readonly kind: string;
  readonly text?: string;
  readonly deleted?: true;
}

function isMessage({ kind }: Wish): boolean {
  return kind === "message" || kind === "edit" || kind === "delete" || kind === "reaction";
}

function isRetryable(answer: Answer & { ok: false }): boolean {
  return answer.code === "unavailable" || answer.code === "rate_limited" || answer.code === "internal";
}

/** A request as the client's frame. */
function toFrame({ channel, id, prev, wish }: AppendRequest): object {
  const base = { id, channel };
  const chained = prev === undefined ? base : { ...base, prev };
  switch (wish.kind) {
    case "message":
      return { type: "send", ...chained, text: wish.text, replyTo: wish.replyTo };
    case "edit":
      return { type: "edit", ...chained, target: wish.target, text: wish.text };
    case "delete":
      return { type: "delete", ...chained, target: wish.target };
    case "reaction":
      return { type: "react", ...chained, target: wish.target, emoji: wish.emoji };
    case "invite":
    case "remove":
      return { type: `channel.${wish.kind}`, ...base, user: wish.user };
    case "leave":
      return { type: "channel.leave", ...base };
    case "role":
      return { type: "channel.role", ...base, user: wish.user, role: wish.role };
    case "create":
      return { type: "channel.create", id, kind: wish.channelKind, members: wish.members };
    default:
      throw new Error(`${wish.kind} is no client's wish`);
  }
}

function toAnswer(frame: ServerFrame): Answer {
  if (frame.type === "error") {
    const { code = "internal", message = "", retryAfterMs, unknown } = frame;
    return {
      ok: false,
      code,
      message,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      ...(unknown === true ? { isUnknown: true as const } : {}),
    };
  }
  // A creation is told without a number: it is the first event of its channel.
  return { ok: true, seq: frame.seq ?? 1, time: frame.time ?? 0, isDuplicate: frame.duplicate === true };
}
