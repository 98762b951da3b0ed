import type { ChannelId, Seq, UserId } from "@parley/protocol";
import type { MessageStore } from "@parley/store";
import type { Telemetry } from "@parley/telemetry";
import { BackgroundHost, yielding } from "../background-host.ts";
import type { Clock } from "../clock.ts";
import type { ChatUser } from "./users.ts";

const tickMs = 1_000;
const waitingMax = 100_000;
/** Users whose marks are written at once: more would hold up the appends of that moment. */
const togetherMax = 250;

interface Waiting {
  owner: ChatUser;
  readonly marks: Map<ChannelId, Seq>;
}

/**
 * Read marks on their way to the store, gathered by user for a second, or for longer where the store is slow: reading
 * along is the most frequent thing people do. A mark that is lost with this server is a few messages unread again.
 * **Bounds**: 100,000 marks; beyond it new ones are not kept (receipts are best effort).
 */
export class ReadMarksHost {
  private readonly store: MessageStore;
  private waiting = new Map<UserId, Waiting>();
  private count = 0;
  private readonly background: BackgroundHost;

  constructor(clock: Clock, store: MessageStore, telemetry: Telemetry) {
    this.store = store;
    this.background = new BackgroundHost({
      clock,
      everyMs: tickMs,
      telemetry,
      waitsFor: "read marks not kept",
      work: () => this.work(),
      rest: yielding,
    });
  }

  /** False for a mark that is not ahead of the last one. `ordinal`: messages in 1..seq, where the caller knows. */
  advance(owner: ChatUser, channel: ChannelId, seq: Seq, ordinal: number | undefined): boolean {
    const waiting = this.waiting.get(owner.user);
    const last = Math.max(waiting?.marks.get(channel) ?? 0, owner.reads.get(channel)?.seq ?? 0);
    if (seq <= last || this.count >= waitingMax) return false;
    this.count++;
    // At once, so that the user's next device sees it; the store learns of it with the next tick.
    if (ordinal !== undefined) owner.reads.set(channel, { seq, ordinal });
    if (waiting === undefined) this.waiting.set(owner.user, { owner, marks: new Map([[channel, seq]]) });
    else {
      waiting.owner = owner;
      waiting.marks.set(channel, seq);
    }
    return true;
  }

  flush(): Promise<void> {
    return this.background.flush();
  }

  close(): void {
    this.background.close();
  }

  private async work(): Promise<void> {
    const { waiting } = this;
    this.waiting = new Map();
    this.count = 0;
    if (waiting.size > 0) await this.write(waiting);
  }

  private async write(waiting: ReadonlyMap<UserId, Waiting>): Promise<void> {
    const all = [...waiting];
    // Together, since the store commits together what comes together, and one by one each would be a commit of its own.
    for (let from = 0; from < all.length; from += togetherMax) {
      await Promise.all(
        all.slice(from, from + togetherMax).map(([user, { owner, marks }]) => this.writeOf(user, owner, marks)),
      );
    }
  }

  private async writeOf(user: UserId, owner: ChatUser, seqs: ReadonlyMap<ChannelId, Seq>): Promise<void> {
    const marks = new Map<ChannelId, { seq: Seq; ordinal: number }>();
    for (const [channel, seq] of seqs) {
      const known = owner.reads.get(channel);
      if (known?.seq === seq) {
        marks.set(channel, known);
        continue;
      }
      const [stored] = await this.store.readAt(channel, [seq]);
      if (stored !== undefined) marks.set(channel, { seq, ordinal: stored.event.ordinal });
    }
    await this.store.advanceReads(user, marks);
    for (const [channel, mark] of marks) {
      if ((owner.reads.get(channel)?.seq ?? 0) < mark.seq) owner.reads.set(channel, mark);
    }
  }
}
