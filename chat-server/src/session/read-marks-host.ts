import type { ChannelId, Seq, UserId } from "@parley/protocol";
import type { MessageStore } from "@parley/store";
import type { Telemetry } from "@parley/telemetry";
import { BackgroundHost, type Turn, yielding } from "../background-host.ts";
import type { Clock } from "../clock.ts";
import { PortionSize } from "../portion-size.ts";
import type { ChatUser } from "./users.ts";

const tickMs = 1_000;
const waitingMax = 100_000;

interface Waiting {
  owner: ChatUser;
  readonly marks: Map<ChannelId, Seq>;
}

/**
 * Read marks on their way to the store, gathered by user for a second, or for longer where the store is slow: reading
 * along is the most frequent thing people do. A mark that is lost with this server is a few messages unread again.
 * **Bounds**: 100,000 marks that wait, beside those of the round that is written; beyond it new ones are not kept
 * (receipts are best effort).
 */
export class ReadMarksHost {
  private readonly clock: Clock;
  private readonly store: MessageStore;
  private waiting = new Map<UserId, Waiting>();
  private count = 0;
  /** What is being written, a portion at a time. */
  private readonly round = new Map<UserId, Waiting>();
  private readonly portion = new PortionSize();
  private readonly background: BackgroundHost;

  constructor(clock: Clock, store: MessageStore, telemetry: Telemetry) {
    this.clock = clock;
    this.store = store;
    this.background = new BackgroundHost({
      clock,
      everyMs: tickMs,
      telemetry,
      waitsFor: "read marks not kept",
      work: (turn) => this.work(turn),
      left: () => this.round.size / this.portion.count,
      rest: yielding,
    });
  }

  /** False for a mark that is not ahead of the last one. `ordinal`: messages in 1..seq, where the caller knows. */
  advance(owner: ChatUser, channel: ChannelId, seq: Seq, ordinal: number | undefined): boolean {
    const waiting = this.waiting.get(owner.user);
    const inRound = this.round.get(owner.user)?.marks.get(channel) ?? 0;
    const last = Math.max(waiting?.marks.get(channel) ?? inRound, owner.reads.get(channel)?.seq ?? 0);
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

  private async work(turn: Turn): Promise<void> {
    if (turn === "all") while (this.round.size > 0) await this.writePortion();
    if (this.round.size === 0) this.beginRound();
    do await this.writePortion();
    while (turn === "all" && this.round.size > 0);
  }

  private beginRound(): void {
    for (const [user, waiting] of this.waiting) this.round.set(user, waiting);
    this.waiting = new Map();
    this.count = 0;
  }

  private async writePortion(): Promise<void> {
    const portion: [UserId, Waiting][] = [];
    for (const entry of this.round) {
      if (portion.length >= this.portion.count) break;
      portion.push(entry);
    }
    for (const [user] of portion) this.round.delete(user);
    const begunAt = this.clock.now();
    // Together, since the store commits together what comes together, and one by one each would be a commit of its own.
    await Promise.all(portion.map(([user, { owner, marks }]) => this.writeOf(user, owner, marks)));
    this.portion.learn(portion.length, this.clock.now() - begunAt);
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
