import type { ChannelId, Seq } from "@parley/protocol";
import type { MessageStore } from "@parley/store";
import { type Clock, sleep } from "../clock.ts";
import type { RelayHost, RelayRecord } from "./relay-host.ts";

const batchMax = 2_000;
/** So many times as long as a query took the next one waits for others to share it, up to a bound, ms. */
const restRatio = 2;
const restMaxMs = 200;
/** A relay that can't reach its head by then is shown as it is; the stream brings the rest. */
const reachMs = 2_000;

/**
 * Brings relays to the heads that the store has *now*, so that nobody who comes back is shown less than was acked
 * (C7): a relay may be a message behind. Whoever asks while a query is under way shares the next one, which begins
 * after all of them had asked (rule 16); a herd of reconnects costs one query after the other, not one each, and those
 * take a third of the time at most: what they take is not there for the herd itself.
 */
export class FreshHeadsHost {
  private readonly clock: Clock;
  private readonly store: MessageStore;
  private readonly relays: RelayHost;
  private waiting = new Map<ChannelId, RelayRecord>();
  private next: Promise<void> | undefined;
  private running: Promise<void> = Promise.resolve();

  constructor(clock: Clock, store: MessageStore, relays: RelayHost) {
    this.clock = clock;
    this.store = store;
    this.relays = relays;
  }

  /** **Errors**: StoreError. */
  check(records: Iterable<RelayRecord>): Promise<void> {
    for (const record of records) this.waiting.set(record.channel, record);
    if (this.waiting.size === 0) return Promise.resolve();
    this.next ??= this.running.then(() => {
      const batch = [...this.waiting.values()];
      this.waiting = new Map();
      this.next = undefined;
      const begunAt = this.clock.now();
      const run = this.run(batch);
      const rest = (): Promise<void> =>
        sleep(this.clock, Math.min(restMaxMs, restRatio * (this.clock.now() - begunAt)));
      this.running = run.then(rest, rest);
      return run;
    });
    return this.next;
  }

  private async run(records: readonly RelayRecord[]): Promise<void> {
    for (let at = 0; at < records.length; at += batchMax) {
      const part = records.slice(at, at + batchMax);
      const cursors = new Map<ChannelId, Seq>();
      for (const { channel, relay } of part) if (relay !== undefined) cursors.set(channel, relay.cursor);
      const grown = new Set(await this.store.findGrown(cursors));
      const behind = part.filter(({ channel }) => grown.has(channel));
      if (behind.length === 0) continue;
      const heads = await this.store.heads(behind.map(({ channel }) => channel));
      await Promise.all(behind.map((record) => this.relays.reach(record, heads.get(record.channel) ?? 0, reachMs)));
    }
  }
}
