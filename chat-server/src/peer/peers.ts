import type { Bus, BusSubscription } from "@parley/bus";
import type { NodeId } from "@parley/cluster";
import type { Telemetry } from "@parley/telemetry";
import type { CallOff, Clock } from "../clock.ts";
import { packMessage, unpackMessage, viewOfPacked } from "./codec.ts";
import type { PeerMessage } from "./messages.ts";

export type PeerHandler = (from: NodeId, message: PeerMessage) => void;

/** Beyond this a batch goes out in several publishes; the bus takes 8 MiB. */
const batchBytesMax = 4 * 1024 * 1024;

/** A bus that hangs is found out by its pings within so long. */
const shunMs = 5_000;

/** `nobody`: surely not received by anyone. `failed`: the bus did not take it, or took too long to say. */
export type Loss = "nobody" | "failed";

interface Outbox {
  /** The batch as it will be published, as far as `bytes`. */
  buffer: Buffer;
  bytes: number;
  readonly onLost: ((loss: Loss) => void)[];
  /** Of the clock, ms: goes out then whatever is under way. */
  readonly goesBy: number;
}

/** How long a batch gathers beyond the spacing at most, while the one before it is under way. */
const gatherMs = 3;
const spacingMsDefault = 2;
const outboxBytesMin = 4_096;
const lengthBytes = 4;

/**
 * The chat servers' way to talk: **one publish a tick and server**, carrying all messages of all channels for it, so
 * that Redis sees publishes by server and tick, never by message. Shortly after one (`spacingMs`, 2 ms), and
 * while it is under way, the next gathers, for 3 ms more at most: a message that comes alone never waits, and many share what a publish costs at both ends and
 * in Redis.
 * **Loss**: a publish that the bus refuses, or that surely nobody received, calls `onLost`; any other loss is silent.
 * **Bounds**: what gathers goes out at 4 MiB, whatever is under way.
 */
export class Peers {
  private readonly clock: Clock;
  private readonly bus: Bus;
  private readonly self: NodeId;
  private readonly handler: PeerHandler;
  private readonly onNobody: (node: NodeId) => void;
  private readonly telemetry: Telemetry;
  private readonly outboxes = new Map<NodeId, Outbox>();
  /** Publishes to each server that the bus has not answered yet. */
  private readonly underWay = new Map<NodeId, number>();
  private readonly publishedAt = new Map<NodeId, number>();
  private readonly spacingMs: number;
  private isFlushing = false;
  private stopGathering: CallOff | undefined;
  /** Of the clock, ms. */
  private shunnedUntil = 0;
  private subscription: BusSubscription | undefined;

  constructor(options: {
    clock: Clock;
    bus: Bus;
    self: NodeId;
    telemetry: Telemetry;
    handler: PeerHandler;
    /** Least time between two publishes to one server, ms; default 2. */
    spacingMs?: number;
    /** Called before `onLost` where nobody listens to a server's inbox. */
    onNobody?: (node: NodeId) => void;
  }) {
    this.onNobody = options.onNobody ?? (() => undefined);
    this.clock = options.clock;
    this.bus = options.bus;
    this.self = options.self;
    this.telemetry = options.telemetry;
    this.spacingMs = options.spacingMs ?? spacingMsDefault;
    this.handler = options.handler;
  }

  /**
   * Whether it is worth sending what waits for an answer. After a publish that failed it is not until one gets through
   * or the bus has had its time to find out that it hangs: what is published beside it goes on trying.
   */
  get isUp(): boolean {
    return this.bus.isUp && this.clock.now() >= this.shunnedUntil;
  }

  /** Resolves when the bus has confirmed our inbox. **Errors**: BusError. */
  async open(): Promise<void> {
    this.subscription = await this.bus.subscribe(inbox(this.self), (payload) => this.receive(payload));
  }

  async close(): Promise<void> {
    this.stopGathering?.();
    for (const [to, outbox] of this.outboxes) this.publish(to, outbox);
    this.outboxes.clear();
    await this.subscription?.close();
  }

  send(to: NodeId, message: PeerMessage, onLost?: (loss: Loss) => void): void {
    this.sendPacked(to, viewOfPacked(message), onLost);
  }

  /** Packs once what goes to several servers. */
  pack(message: PeerMessage): Buffer {
    return packMessage(message);
  }

  sendPacked(to: NodeId, packed: Buffer, onLost?: (loss: Loss) => void): void {
    let outbox = this.outboxes.get(to);
    if (outbox !== undefined && outbox.bytes + lengthBytes + packed.length > batchBytesMax) {
      this.outboxes.delete(to);
      this.publish(to, outbox);
      outbox = undefined;
    }
    if (outbox === undefined) {
      outbox = this.openOutbox();
      this.outboxes.set(to, outbox);
    }
    put(outbox, packed);
    if (onLost !== undefined) outbox.onLost.push(onLost);
    if (this.isFlushing) return;
    this.isFlushing = true;
    this.clock.soon(() => this.flush());
  }

  private flush(): void {
    this.isFlushing = false;
    const now = this.clock.now();
    for (const [to, outbox] of this.outboxes) {
      const hasJustPublished =
        this.underWay.has(to) || now - (this.publishedAt.get(to) ?? Number.NEGATIVE_INFINITY) < this.spacingMs;
      if (hasJustPublished && now < outbox.goesBy) {
        this.stopGathering ??= this.clock.after(Math.max(1, this.spacingMs), () => {
          this.stopGathering = undefined;
          this.flush();
        });
        continue;
      }
      this.outboxes.delete(to);
      this.publish(to, outbox);
    }
  }

  /** What gathered meanwhile goes. */
  private onAnswered(to: NodeId): void {
    const left = (this.underWay.get(to) ?? 1) - 1;
    if (left > 0) {
      this.underWay.set(to, left);
      return;
    }
    this.underWay.delete(to);
    const outbox = this.outboxes.get(to);
    if (outbox === undefined || this.isFlushing || this.stopGathering !== undefined) return;
    this.outboxes.delete(to);
    this.publish(to, outbox);
  }

  private publish(to: NodeId, outbox: Outbox): void {
    this.underWay.set(to, (this.underWay.get(to) ?? 0) + 1);
    this.publishedAt.set(to, this.clock.now());
    const lose = (loss: Loss): void => {
      this.telemetry.metrics.publishes.of(loss).inc();
      if (loss === "nobody") this.onNobody(to);
      for (const onLost of outbox.onLost) onLost(loss);
    };
    this.bus.publish(inbox(to), outbox.buffer.subarray(0, outbox.bytes)).then(
      (receivers) => {
        this.shunnedUntil = 0;
        this.onAnswered(to);
        if (receivers === 0) lose("nobody");
        else this.telemetry.metrics.publishes.of("sent").inc();
      },
      () => {
        this.shunnedUntil = this.clock.now() + shunMs;
        this.onAnswered(to);
        lose("failed");
      },
    );
  }

  /** A batch begins with who it is from. */
  private openOutbox(): Outbox {
    const buffer = Buffer.allocUnsafe(outboxBytesMin);
    const length = buffer.write(this.self, 1);
    buffer[0] = length;
    return { buffer, bytes: 1 + length, onLost: [], goesBy: this.clock.now() + this.spacingMs + gatherMs };
  }

  private receive(payload: Uint8Array): void {
    const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
    const fromLength = bytes[0] ?? 0;
    const from = bytes.toString("utf8", 1, 1 + fromLength);
    let at = 1 + fromLength;
    while (at + 4 <= bytes.length) {
      const end = at + 4 + bytes.readUInt32BE(at);
      this.hear(from, bytes.subarray(at + 4, end));
      at = end;
    }
  }

  /** One message must never stop the ones behind it, whatever it is: another version may have sent it. */
  private hear(from: NodeId, packed: Buffer): void {
    try {
      this.handler(from, unpackMessage(packed));
    } catch (error) {
      this.telemetry.logger.error({ err: error, from, bytes: packed.length }, "peer message failed");
    }
  }
}

function put(outbox: Outbox, packed: Uint8Array): void {
  const end = outbox.bytes + lengthBytes + packed.length;
  if (end > outbox.buffer.length) {
    const wider = Buffer.allocUnsafe(Math.max(end, 2 * outbox.buffer.length));
    outbox.buffer.copy(wider, 0, 0, outbox.bytes);
    outbox.buffer = wider;
  }
  outbox.buffer.writeUInt32BE(packed.length, outbox.bytes);
  outbox.buffer.set(packed, outbox.bytes + lengthBytes);
  outbox.bytes = end;
}

function inbox(node: NodeId): string {
  return `parley:inbox:${node}`;
}
