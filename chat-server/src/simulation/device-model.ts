import type { ChannelId, RequestId, Seq, UserId } from "@parley/protocol";
import { contentHash } from "../channel/content-hash.ts";
import type { Answer, AppendRequest, Wish } from "../channel/request.ts";
import type { Socket } from "./gateway-model.ts";
import type { Attempt, Operation } from "./history.ts";
import { hashKey, type PlannedDevice, type PlannedWish } from "./scenario.ts";
import type { World } from "./world.ts";

interface Entry {
  readonly operation: Operation;
  id: RequestId;
  prev: RequestId | undefined;
  sentPrev: RequestId | undefined;
  isOnWire: boolean;
  sentAt: number;
  openCopies: number;
  inconclusive: number;
}

interface Outbox {
  entries: Entry[];
  last: RequestId | undefined;
  isProbing: boolean;
  retryAt: number;
}

const ackWithinMs = 350;

/** One device with an outbox that abides by rules 8 to 10, as the SDK does. */
export class DeviceModel {
  readonly number: number;
  readonly user: UserId;
  private readonly plan: PlannedDevice;
  private readonly world: World;
  private readonly outboxes = new Map<ChannelId, Outbox>();
  private readonly cursors = new Map<ChannelId, Seq>();
  private socket: Socket | undefined;
  private ids = 0;

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
    if (this.socket !== undefined) this.world.gateway.close(this.socket);
    for (const outbox of this.outboxes.values()) {
      outbox.isProbing = false;
      outbox.retryAt = 0;
      for (const entry of outbox.entries) entry.isOnWire = false;
    }
    this.socket = this.world.gateway.connect(this, this.user, this.cursors);
    for (const channel of this.outboxes.keys()) this.flush(channel);
  }

  move(): void {
    if (this.socket !== undefined) this.world.gateway.move(this.socket);
  }

  cursor(channel: ChannelId): Seq | undefined {
    return this.socket?.cursors.get(channel);
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

  wish(planned: PlannedWish): void {
    const { history, timeline } = this.world;
    const wish = this.toWish(planned);
    const { channel } = planned;
    if (planned.isRaw) return this.sendRaw(channel, wish, planned.choice);
    const id = this.nextId();
    // Creating is a call of its own in the SDK, beside the outbox.
    const queue = wish.kind === "create" ? `${channel}/create` : channel;
    const outbox = this.outboxOf(queue);
    const prev = this.plan.isChained ? outbox.last : undefined;
    const request: AppendRequest = { channel, sender: this.user, id, hash: contentHash(hashKey, wish), wish };
    const operation: Operation = {
      number: history.operations.length,
      device: this.number,
      request,
      isChained: this.plan.isChained,
      isRaw: false,
      invokedAt: timeline.now,
      state: "open",
      settledAt: 0,
    };
    history.operations.push(operation);
    const base = { sentPrev: undefined, isOnWire: false, sentAt: 0, openCopies: 0, inconclusive: 0 };
    outbox.entries.push({ operation, id, prev, ...base });
    outbox.last = id;
    this.flush(queue);
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
      case "create": {
        const channelKind = channel === "direct" ? "direct" : "group";
        return { kind, channelKind, members: [user] };
      }
      default:
        return kind satisfies never;
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
    const request: AppendRequest = { channel, sender: this.user, id, hash: contentHash(hashKey, wish), wish };
    if (own.some((one) => one.request.id === id && one.request.hash === request.hash)) return;
    const operation: Operation = {
      number: history.operations.length,
      device: this.number,
      request,
      isChained: false,
      isRaw: true,
      invokedAt: timeline.now,
      state: "open",
      settledAt: 0,
    };
    history.operations.push(operation);
    this.transmit(operation, request, (answer) => {
      operation.settledAt = timeline.now;
      if (answer.ok) operation.state = "acked";
      else operation.state = answer.isUnknown || isRetryable(answer) ? "unknown" : "refused";
    });
  }

  private transmit(operation: Operation, request: AppendRequest, done: (answer: Answer) => void): void {
    const { history, timeline, gateway } = this.world;
    const { socket } = this;
    if (socket === undefined) return;
    const server = socket.server?.node ?? -1;
    const attempt: Attempt = { operation, request, server, sentAt: timeline.now, answer: undefined, answeredAt: 0 };
    history.attempts.push(attempt);
    const { number } = socket.history;
    this.world.journal?.({ kind: "asked", at: timeline.now, socket: number, request });
    gateway.request(socket, request, (answer) => {
      attempt.answer = answer;
      attempt.answeredAt = timeline.now;
      this.world.journal?.({ kind: "answered", at: timeline.now, socket: number, request, answer });
      if (this.socket === socket) done(answer);
    });
  }

  private flush(channel: ChannelId): void {
    const outbox = this.outboxOf(channel);
    const { timeline } = this.world;
    if (timeline.now < outbox.retryAt) return;
    const window = outbox.isProbing ? 1 : this.plan.window;
    for (const entry of outbox.entries.slice(0, window)) if (!entry.isOnWire) this.send(channel, outbox, entry);
  }

  private send(channel: ChannelId, outbox: Outbox, entry: Entry): void {
    const { timeline } = this.world;
    const { operation } = entry;
    if (this.world.mutation.takesNewIdOnRetry && entry.openCopies > 0) entry.id = this.nextId();
    entry.isOnWire = true;
    entry.sentAt = timeline.now;
    entry.openCopies++;
    entry.sentPrev = entry.prev;
    const request = { ...operation.request, id: entry.id, ...(entry.prev === undefined ? {} : { prev: entry.prev }) };
    const copy = entry.openCopies;
    this.transmit(operation, request, (answer) => this.onAnswer(channel, outbox, entry, answer));
    timeline.after(ackWithinMs, () => {
      // No answer at all: as after a lost socket, it is sent again.
      if (!entry.isOnWire || entry.openCopies !== copy || !outbox.entries.includes(entry)) return;
      if (entry.sentAt + ackWithinMs > timeline.now) return;
      entry.isOnWire = false;
      this.flush(channel);
    });
  }

  private onAnswer(channel: ChannelId, outbox: Outbox, entry: Entry, answer: Answer): void {
    if (!outbox.entries.includes(entry)) return;
    if (answer.ok) return this.settle(channel, outbox, entry, "acked");
    entry.isOnWire = false;
    const verdict = this.judge(entry, answer);
    if (verdict !== "retry") return this.settle(channel, outbox, entry, verdict);
    outbox.isProbing = true;
    const at = outbox.entries.indexOf(entry);
    const successor = outbox.entries[at + 1];
    if (this.world.mutation.relinksUnsettled && successor !== undefined) successor.prev = entry.prev;
    const delay = entry.prev !== entry.sentPrev ? 0 : (answer.retryAfterMs ?? 20) + this.world.random.below(20);
    if (at === 0) outbox.retryAt = this.world.timeline.now + delay;
    this.world.timeline.after(delay, () => this.flush(channel));
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

  private settle(channel: ChannelId, outbox: Outbox, entry: Entry, state: "acked" | "refused" | "unknown"): void {
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
    this.flush(channel);
  }

  private outboxOf(channel: ChannelId): Outbox {
    const known = this.outboxes.get(channel);
    if (known !== undefined) return known;
    const made: Outbox = { entries: [], last: undefined, isProbing: false, retryAt: 0 };
    this.outboxes.set(channel, made);
    return made;
  }
}

function isRetryable(answer: Answer & { ok: false }): boolean {
  return answer.code === "unavailable" || answer.code === "rate_limited" || answer.code === "internal";
}
