import type { ChannelId, Seq } from "@parley/protocol";
import { type ChannelSummary, type LogEvent, type MessageStore, type OriginEffect, StoreError } from "@parley/store";
import type { Telemetry } from "@parley/telemetry";
import { BackgroundHost, type Turn, yielding } from "../background-host.ts";
import type { Clock } from "../clock.ts";
import { PortionSize } from "../portion-size.ts";
import type { ChannelFold } from "./fold.ts";

interface Beside {
  /** Effects of all events up to here are at their origins. */
  applied: Seq;
  /** Events up to here were looked at; their effects are in `waiting`. */
  seen: Seq;
  /** The log up to here is redone from `applied` on take-over; nothing moves `applied` before that. */
  redoTo: Seq;
  waiting: OriginEffect[];
  activeAt: number;
  snapshot: ChannelSummary["snapshot"];
  /** What the store was told last. */
  toldHead: Seq;
}

const tickMs = 1_000;
const leaves = new Set(["left", "removed"]);

/**
 * What follows from a log beside it: effects at their origins (rule 20), the user index of leavers (rule 19), and the
 * channel's summary. All of it late, repeated until done, and redone on take-over; readers mask by the log meanwhile.
 * **Bounds**: one entry a channel sequenced here; effects wait only while the store does not answer, and no more events
 * are accepted then.
 */
export class OriginHost {
  private readonly clock: Clock;
  private readonly store: MessageStore;
  private readonly channels = new Map<ChannelId, Beside>();
  private readonly dirty = new Set<ChannelId>();
  /** Those that were dirty when the round began, and are still to be looked at. */
  private round: readonly ChannelId[] = [];
  private readonly portion = new PortionSize();
  private readonly partings: { user: string; channel: ChannelId; seq: Seq }[] = [];
  private readonly background: BackgroundHost;

  constructor(clock: Clock, store: MessageStore, telemetry: Telemetry) {
    this.clock = clock;
    this.store = store;
    this.background = new BackgroundHost({
      clock,
      everyMs: tickMs,
      telemetry,
      waitsFor: "origins wait for the store",
      work: (turn) => this.workOnce(turn),
      left: () => this.round.length / this.portion.count,
      rest: yielding,
    });
  }

  takeOver(channel: ChannelId, applied: Seq, head: Seq): void {
    this.channels.set(channel, {
      applied,
      seen: head,
      redoTo: applied < head ? head : 0,
      waiting: [],
      activeAt: 0,
      snapshot: undefined,
      toldHead: 0,
    });
    if (applied < head) this.dirty.add(channel);
  }

  keepSnapshot(channel: ChannelId, fold: ChannelFold): void {
    const beside = this.channels.get(channel);
    if (beside === undefined) return;
    beside.snapshot = { seq: fold.seq, json: fold.toJson() };
    this.dirty.add(channel);
  }

  settled(channel: ChannelId, events: readonly LogEvent[]): void {
    const beside = this.channels.get(channel);
    if (beside === undefined) return;
    for (const event of events) {
      const effect = toEffect(event);
      if (effect !== undefined) beside.waiting.push(effect);
      const { body, seq } = event;
      if (body.kind === "member" && leaves.has(body.change)) this.partings.push({ user: body.user, channel, seq });
      beside.seen = seq;
      beside.activeAt = event.time;
    }
    this.dirty.add(channel);
    // Erasing is what somebody waits for: at once. All else can gather.
    if (beside.waiting.length > 0) this.background.kick();
  }

  /**
   * Resolves when the effects of all that was in the log at its take-over are at their origins: before that, a message
   * that was deleted may look alive there. **Errors**: StoreError `unavailable`, to be tried again.
   */
  async redone(channel: ChannelId): Promise<void> {
    const isRedone = (): boolean => (this.channels.get(channel)?.redoTo ?? 0) === 0;
    if (isRedone()) return;
    await this.background.flush();
    if (!isRedone()) throw new StoreError("unavailable", `channel ${channel}: its effects wait to be redone`);
  }

  /** True where nothing is left to be done for the channel, which is forgotten then. */
  release(channel: ChannelId): boolean {
    if (this.dirty.has(channel)) return false;
    this.channels.delete(channel);
    return true;
  }

  flush(): Promise<void> {
    return this.background.flush();
  }

  close(): void {
    this.background.close();
  }

  private async workOnce(turn: Turn): Promise<void> {
    while (this.partings.length > 0) {
      const parting = this.partings[0];
      if (parting === undefined) break;
      await this.store.markOut(parting.user, parting.channel, parting.seq);
      this.partings.shift();
    }
    if (turn === "portion") {
      if (this.round.length === 0) this.round = [...this.dirty];
      const { count } = this.portion;
      const some = this.round.slice(0, count);
      this.round = this.round.slice(count);
      await this.workOnSome(some.filter((channel) => this.dirty.has(channel)));
      return;
    }
    const hasEffects = (channel: ChannelId): boolean => (this.channels.get(channel)?.waiting.length ?? 0) > 0;
    let rest = [...this.dirty].filter((channel) => turn === "all" || hasEffects(channel));
    while (rest.length > 0) {
      const { count } = this.portion;
      await this.workOnSome(rest.slice(0, count));
      rest = rest.slice(count);
    }
  }

  private async workOnSome(channels: readonly ChannelId[]): Promise<void> {
    const begunAt = this.clock.now();
    const summaries = new Map<ChannelId, Partial<ChannelSummary>>();
    try {
      for (const channel of channels) {
        const beside = this.channels.get(channel);
        this.dirty.delete(channel);
        if (beside !== undefined) summaries.set(channel, await this.workOn(channel, beside));
      }
      if (summaries.size > 0) await this.store.advanceSummaries(summaries);
      this.portion.learn(channels.length, this.clock.now() - begunAt);
    } catch (error) {
      for (const channel of channels) this.dirty.add(channel);
      throw error;
    }
  }

  private async workOn(channel: ChannelId, beside: Beside): Promise<Partial<ChannelSummary>> {
    if (beside.redoTo > 0) {
      await this.redo(channel, beside.applied, beside.redoTo);
      beside.redoTo = 0;
    }
    const effects = beside.waiting;
    const seen = beside.seen;
    if (effects.length > 0) {
      beside.waiting = [];
      await this.store.applyEffects(channel, effects, seen).catch((error: unknown) => {
        beside.waiting = [...effects, ...beside.waiting];
        throw error;
      });
    }
    beside.applied = seen;
    return {
      verified: seen,
      applied: seen,
      ...(beside.activeAt === 0 ? {} : { activeAt: beside.activeAt }),
      ...(beside.snapshot === undefined ? {} : { snapshot: beside.snapshot }),
    };
  }

  /** What the one before us may have left undone. */
  private async redo(channel: ChannelId, applied: Seq, head: Seq): Promise<void> {
    let after = applied;
    while (after < head) {
      const page = await this.store.readAfter(channel, after, { events: 500 });
      const last = page.events.at(-1);
      if (last === undefined) return;
      const effects = page.events.map((stored) => toEffect(stored.event)).filter((effect) => effect !== undefined);
      if (effects.length > 0) await this.store.applyEffects(channel, effects, last.event.seq);
      after = last.event.seq;
    }
  }
}

/** What an event does to the message it points at. */
export function toEffect(event: LogEvent): OriginEffect | undefined {
  const { body, seq, sender, time } = event;
  switch (body.kind) {
    case "edit":
      return body.text === undefined ? undefined : { kind: "edit", seq, target: body.target, text: body.text, time };
    case "delete":
      return { kind: "delete", seq, target: body.target };
    case "reaction": {
      const remove = body.remove === true;
      return { kind: "reaction", seq, target: body.target, user: sender, emoji: body.emoji, remove };
    }
    default:
      return undefined;
  }
}
