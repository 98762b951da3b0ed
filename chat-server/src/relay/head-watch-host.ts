import type { ChannelId, Seq } from "@parley/protocol";
import type { MessageStore } from "@parley/store";
import type { Telemetry } from "@parley/telemetry";
import { BackgroundHost } from "../background-host.ts";
import type { Clock } from "../clock.ts";
import type { RelayHost, RelayRecord } from "./relay-host.ts";

export interface HeadWatchTimes {
  readonly tickMs: number;
  /** A channel is compared once when it has been quiet for so long: a lost last message leaves no hole. */
  readonly quietMs: number;
  /** Every channel is compared at least so often: the home may have lost our interest. */
  readonly sweepMs: number;
}

export const headWatchTimes: HeadWatchTimes = { tickMs: 1_000, quietMs: 3_000, sweepMs: 30_000 };

const batchMax = 2_000;
/** So many ticks after the bus came back all are compared still: until then homes may not know who is interested. */
const sweepsAfterOutage = 5;

/**
 * Compares the relays' cursors with the heads in the store, in one batched query a tick: what pub/sub lost is found
 * without waiting for the next message. While the bus is away this is how events arrive at all.
 */
export class HeadWatchHost {
  private readonly clock: Clock;
  private readonly store: Pick<MessageStore, "findGrown">;
  private readonly relays: Pick<RelayHost, "all" | "hear">;
  private readonly telemetry: Telemetry;
  private readonly isBusUp: () => boolean;
  private readonly times: HeadWatchTimes;
  private readonly background: BackgroundHost;
  private sweepsLeft = 0;

  constructor(options: {
    clock: Clock;
    store: Pick<MessageStore, "findGrown">;
    relays: Pick<RelayHost, "all" | "hear">;
    telemetry: Telemetry;
    isBusUp: () => boolean;
    times?: HeadWatchTimes;
  }) {
    this.clock = options.clock;
    this.store = options.store;
    this.relays = options.relays;
    this.telemetry = options.telemetry;
    this.isBusUp = options.isBusUp;
    this.times = options.times ?? headWatchTimes;
    this.background = new BackgroundHost({
      clock: this.clock,
      everyMs: this.times.tickMs,
      telemetry: options.telemetry,
      waitsFor: "head check waits for the store",
      work: () => this.check(),
    });
  }

  /** Compares all channels at the next tick: the bus came back, a home moved, or this process stood still. */
  checkAll(): void {
    for (const record of this.relays.all()) record.checkedAt = 0;
    this.background.kick();
  }

  close(): void {
    this.background.close();
  }

  private async check(): Promise<void> {
    const now = this.clock.now();
    this.sweepsLeft = this.isBusUp() ? Math.max(0, this.sweepsLeft - 1) : sweepsAfterOutage + 1;
    const due: RelayRecord[] = [];
    for (const record of this.relays.all()) if (this.isDue(record, now)) due.push(record);
    for (let at = 0; at < due.length; at += batchMax) {
      const part = due.slice(at, at + batchMax);
      const cursors = new Map<ChannelId, Seq>();
      for (const { channel, relay } of part) if (relay !== undefined) cursors.set(channel, relay.cursor);
      const grown = await this.store.findGrown(cursors);
      for (const record of part) record.checkedAt = now;
      for (const channel of grown) {
        this.telemetry.metrics.repairs.of("head").inc();
        this.relays.hear(channel, (cursors.get(channel) ?? 0) + 1);
      }
    }
  }

  private isDue(record: RelayRecord, now: number): boolean {
    if (record.relay === undefined) return false;
    const { checkedAt, heardAt } = record;
    if (this.sweepsLeft > 0 || checkedAt === 0) return true;
    if (checkedAt < heardAt) return now - heardAt >= this.times.quietMs;
    return now - checkedAt >= this.times.sweepMs;
  }
}
