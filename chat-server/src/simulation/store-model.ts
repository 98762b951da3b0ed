import type { ChannelId, RequestId, Seq, UserId } from "@parley/protocol";
import type { AppendOutcome, LogEvent, LogPage, OriginEffect, OriginState, StoredEvent } from "@parley/store";
import { eraseBody, foldEffect, type OriginRecord, toStored } from "@parley/store/testing";
import { requestKey } from "../channel/request.ts";
import type { Random } from "./random.ts";
import type { Incarnation, Timeline } from "./timeline.ts";

/** How badly the store behaves while faults last; probabilities 0..1. */
export interface StoreFaults {
  /** An append whose reply is lost though it was applied. */
  readonly lostReply: number;
  /** An append that never arrived; nobody can say so. */
  readonly lostRequest: number;
  /** An append that is applied long after it was given up as unknown. */
  readonly late: number;
  /** A read or an index write that fails. */
  readonly failedRead: number;
  /** Longest time from the primary to the majority, ms. */
  readonly lagMs: number;
}

export const noStoreFaults: StoreFaults = { lostReply: 0, lostRequest: 0, late: 0, failedRead: 0, lagMs: 8 };

/** What breaks the store's own promises, for mutants only. */
export interface StoreBreaks {
  /** Reads show what the majority has not got yet (rule 3). */
  readonly readsPrimary?: boolean;
  /** Each event of a run by itself, whatever became of the one before (rule 1). */
  readonly isUnordered?: boolean;
  /** An edit comes back over what is deleted (rule 20). */
  readonly deleteIsNotSticky?: boolean;
  /** What is deleted goes without a stub (rule 23). */
  readonly erasesWhole?: boolean;
}

type Reaction = NonNullable<OriginState["reactions"]>[number];

/** One channel's log as one state shows it. */
export interface LogView {
  head(): Seq;
  /** The events after `after`, cut at the first hole. */
  after(after: Seq): readonly LogEvent[];
  pageAfter(after: Seq, eventsMax: number): LogPage;
  pageBefore(before: Seq, eventsMax: number): LogPage;
  at(seq: Seq): StoredEvent | undefined;
  find(sender: UserId, id: RequestId): StoredEvent | undefined;
  aboveHole(): Seq | undefined;
}

/**
 * A replica set's view of one channel's log: the primary's state, a majority that follows it, and elections that drop
 * what the majority had not got. Both unique keys are judged on the primary's state; success is told only once the
 * majority has it.
 */
export class StoreModel {
  /** Head as the majority showed it: each growth with its time. Never rolled back. */
  readonly growth: { readonly at: number; readonly head: Seq }[] = [{ at: 0, head: 0 }];
  onGrowth: () => void = () => undefined;
  /** Events that elections took away. */
  dropped = 0;
  private readonly timeline: Timeline;
  private readonly random: Random;
  private readonly breaks: StoreBreaks;
  private readonly faultsNow: () => StoreFaults;
  private readonly channel: ChannelId;
  /** In the order applied; the first `committed` are the majority's. */
  private readonly applied: LogEvent[] = [];
  private committed = 0;
  private term = 0;
  /** Where elections may have left the primary behind: positions, not events. */
  private readonly origins = new Map<Seq, OriginRecord>();
  private readonly reactions = new Map<Seq, Map<string, Reaction>>();
  private readonly bySeq = new Map<Seq, { readonly event: LogEvent; readonly place: number }>();
  private readonly byKey = new Map<string, { readonly event: LogEvent; readonly place: number }>();

  constructor(
    channel: ChannelId,
    initial: readonly LogEvent[],
    timeline: Timeline,
    random: Random,
    breaks: StoreBreaks,
    faults: () => StoreFaults,
  ) {
    this.faultsNow = faults;
    this.channel = channel;
    this.timeline = timeline;
    this.random = random;
    this.breaks = breaks;
    for (const event of initial) this.put(event);
    this.commit(this.applied.length);
  }

  /** What the majority has; never taken back. */
  readonly majority: LogView = this.view(() => this.committed);
  /** What the primary has and an election may take away. */
  readonly primary: LogView = this.view(() => Number.POSITIVE_INFINITY);

  /** `done` hears `undefined` where the outcome is unknown. */
  append(events: readonly LogEvent[], owner: Incarnation, done: (outcome: AppendOutcome | undefined) => void): void {
    const { random, timeline } = this;
    const faults = this.faultsNow();
    const reply = (outcome: AppendOutcome | undefined, delayMs = random.between(1, 5)): void =>
      void timeline.after(delayMs, () => done(outcome), owner);
    if (random.chance(faults.lostRequest)) return reply(undefined, random.between(20, 120));
    if (random.chance(faults.late)) {
      const lateness = random.between(10, 900);
      timeline.after(lateness, () => this.apply(events));
      return reply(undefined, random.chance(0.7) ? Math.min(lateness, random.between(5, 60)) : random.between(5, 60));
    }
    const isReplyLost = random.chance(faults.lostReply);
    timeline.after(random.between(1, 6), () => {
      const { outcome, place } = this.apply(events);
      if (isReplyLost) return reply(undefined, random.between(5, 80));
      this.whenCommitted(place, this.term, (isIn) => reply(isIn ? outcome : undefined));
    });
  }

  /** What reads are answered from. */
  get readView(): LogView {
    return this.breaks.readsPrimary ? this.primary : this.majority;
  }

  /** The primary changes: some of what the majority has not got is dropped, what is in flight becomes unknown. */
  elect(): void {
    this.term++;
    const kept = this.random.between(this.committed, this.applied.length);
    for (const event of this.applied.splice(kept)) {
      this.dropped++;
      this.bySeq.delete(event.seq);
      this.byKey.delete(requestKey(event.sender, event.id));
    }
    this.commitLater(kept);
  }

  /** Applies an effect at its origin, for good: what it came from was read at majority. */
  effect(effect: OriginEffect): void {
    const { target } = effect;
    if (!this.bySeq.has(target)) return;
    if (effect.kind === "reaction") {
      const reactions = this.reactions.get(target) ?? new Map<string, Reaction>();
      this.reactions.set(target, reactions);
      const key = `${effect.user}\n${effect.emoji}`;
      const { user, emoji, seq, remove } = effect;
      if ((reactions.get(key)?.seq ?? 0) < seq) reactions.set(key, { user, emoji, seq, remove });
      return;
    }
    const before = this.origins.get(target) ?? {};
    const record = foldEffect(before, effect);
    const isBack = this.breaks.deleteIsNotSticky === true && effect.kind === "edit" && before.deleted !== undefined;
    const { deleted: _, ...rest } = record;
    this.origins.set(target, isBack ? foldEffect(rest, effect) : record);
    if (effect.kind === "delete" && this.breaks.erasesWhole) this.forget(target);
  }

  private forget(seq: Seq): void {
    const placed = this.bySeq.get(seq);
    if (placed === undefined) return;
    this.bySeq.delete(seq);
    this.byKey.delete(requestKey(placed.event.sender, placed.event.id));
  }

  headAt(time: number): Seq {
    let head = 0;
    for (const grown of this.growth) {
      if (grown.at > time) break;
      head = grown.head;
    }
    return head;
  }

  /** Every event that the majority has, holes or not, by seq. */
  everything(): readonly LogEvent[] {
    return this.applied.slice(0, this.committed).sort((a, b) => a.seq - b.seq);
  }

  private apply(events: readonly LogEvent[]): { outcome: AppendOutcome; place: number } {
    let outcome: AppendOutcome = { kind: "appended" };
    // A refusal waits for what this command put in before it, and for nothing else.
    let place = 0;
    for (const [at, event] of events.entries()) {
      if (event.channel !== this.channel) throw new Error("an event of another channel");
      if (!this.bySeq.has(event.seq) && !this.byKey.has(requestKey(event.sender, event.id))) {
        this.put(event);
        place = this.applied.length;
        continue;
      }
      if (outcome.kind === "appended") outcome = { kind: "refused", at };
      if (!this.breaks.isUnordered) break;
    }
    this.commitLater(this.applied.length);
    return { outcome, place };
  }

  private put(event: LogEvent): void {
    const placed = { event, place: this.applied.length };
    this.bySeq.set(event.seq, placed);
    this.byKey.set(requestKey(event.sender, event.id), placed);
    this.applied.push(event);
  }

  private commitLater(place: number): void {
    const { term } = this;
    this.timeline.after(this.random.between(1, Math.max(1, this.faultsNow().lagMs)), () => {
      if (term === this.term) this.commit(place);
    });
  }

  private waiting: { readonly place: number; readonly term: number; readonly tell: (isIn: boolean) => void }[] = [];

  private whenCommitted(place: number, term: number, tell: (isIn: boolean) => void): void {
    if (place <= this.committed) return tell(true);
    this.waiting.push({ place, term, tell });
    // An election leaves its victims without an answer until the driver gives up.
    this.timeline.after(250, () => {
      const at = this.waiting.findIndex((one) => one.tell === tell);
      if (at < 0) return;
      this.waiting.splice(at, 1);
      tell(false);
    });
  }

  private commit(place: number): void {
    if (place <= this.committed) return;
    this.committed = place;
    const head = this.majority.head();
    const last = this.growth.at(-1);
    if (last !== undefined && head > last.head) {
      this.growth.push({ at: this.timeline.now, head });
      this.onGrowth();
    }
    const due = this.waiting.filter((one) => one.place <= place);
    this.waiting = this.waiting.filter((one) => one.place > place);
    for (const one of due) one.tell(one.term === this.term);
  }

  private view(limit: () => number): LogView {
    const get = (seq: Seq): LogEvent | undefined => {
      const placed = this.bySeq.get(seq);
      return placed !== undefined && placed.place < limit() ? placed.event : undefined;
    };
    const after = (seq: Seq): LogEvent[] => {
      const events: LogEvent[] = [];
      for (let next = get(seq + 1); next !== undefined; next = get(next.seq + 1)) events.push(next);
      return events;
    };
    let known = 0;
    const head = (): Seq => {
      // The majority's head only grows; the primary's may shrink, so it is counted anew.
      let seq = limit() === Number.POSITIVE_INFINITY ? 0 : known;
      while (get(seq + 1) !== undefined) seq++;
      known = seq;
      return seq;
    };
    const stored = (event: LogEvent | undefined): StoredEvent | undefined => {
      if (event === undefined) return undefined;
      const record = this.origins.get(event.seq);
      const target = event.body.kind === "edit" ? this.origins.get(event.body.target) : record;
      const shown = target?.deleted === undefined ? event : { ...event, body: eraseBody(event.body) };
      return toStored(shown, record, [...(this.reactions.get(event.seq)?.values() ?? [])]);
    };
    const pageAfter = (seq: Seq, eventsMax: number): LogPage => {
      const events: StoredEvent[] = [];
      let next = stored(get(seq + 1));
      for (; next !== undefined && events.length < eventsMax; next = stored(get(next.event.seq + 1))) events.push(next);
      return { events, isEnd: next === undefined };
    };
    const pageBefore = (seq: Seq, eventsMax: number): LogPage => {
      const events: StoredEvent[] = [];
      let at = Math.min(seq - 1, head());
      for (; at >= 1 && events.length < eventsMax; at--) {
        const one = stored(get(at));
        if (one === undefined) break;
        events.unshift(one);
      }
      return { events, isEnd: at < 1 };
    };
    return {
      head,
      after,
      pageAfter,
      pageBefore,
      at: (seq) => stored(get(seq)),
      find: (sender, id) => {
        const placed = this.byKey.get(requestKey(sender, id));
        return stored(placed !== undefined && placed.place < limit() ? placed.event : undefined);
      },
      aboveHole: () => {
        const top = head();
        const above = this.applied
          .filter((event, place) => place < limit() && event.seq > top)
          .map((event) => event.seq);
        return above.length === 0 ? undefined : Math.min(...above);
      },
    };
  }
}
