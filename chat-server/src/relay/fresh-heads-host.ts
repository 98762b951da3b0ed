import type { ChannelId, Seq } from "@parley/protocol";
import type { MessageStore } from "@parley/store";
import type { RelayHost, RelayRecord } from "./relay-host.ts";

const batchMax = 2_000;
/** A relay that can't reach its head by then is shown as it is; the stream brings the rest. */
const reachMs = 2_000;

/**
 * Brings relays to the heads that the store has *now*, so that nobody who comes back is shown less than was acked
 * (C7): a relay may be a message behind. Whoever asks while a query is under way shares the next one, which begins
 * after all of them had asked (rule 16); a herd of reconnects costs one query after the other, not one each.
 */
export class FreshHeadsHost {
  private readonly store: MessageStore;
  private readonly relays: RelayHost;
  private waiting = new Map<ChannelId, RelayRecord>();
  private next: Promise<void> | undefined;
  private running: Promise<void> = Promise.resolve();

  constructor(store: MessageStore, relays: RelayHost) {
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
      const run = this.run(batch);
      this.running = run.catch(() => undefined);
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
