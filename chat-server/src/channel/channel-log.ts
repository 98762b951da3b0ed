import type { ChannelId, Seq } from "@parley/protocol";
import type { AppendOutcome, LogEvent, StoredEvent } from "@parley/store";
import type { ChannelLogEffects, ChannelLogLimits } from "./channel-log-effects.ts";
import { type Judged, judgeBatch } from "./judge.ts";
import { KnownLog, type LoadedLog } from "./known-log.ts";
import { PendingTickets } from "./pending-tickets.ts";
import type { Answer, AppendRequest } from "./request.ts";
import { byOrder, isNoop, newTicket, noopTicket, type Ticket } from "./ticket.ts";

type Phase =
  | "cold"
  | "loading"
  | "idle"
  | "judging"
  | "lookingUp"
  | "reading"
  | "marking"
  | "appending"
  | "recovering"
  | "waiting";

/**
 * The sequencer of one channel: judges, numbers, and commits requests in ordered runs, at most one in flight
 * (rules 1–8 of the log). A pure state machine: no clock, no promise, no randomness; time comes in as an argument, the
 * world is {@link ChannelLogEffects}. Any server may run one for any channel; the store's unique key decides between
 * them, and the loser reads on, judges again and renumbers.
 *
 * **Order**: requests of one sender are numbered in the order offered. **Repeat**: the same (sender, id) again is
 * acked with the first one's seq. **Bounds**: {@link ChannelLogLimits}.
 */
export class ChannelLog<Asker> {
  readonly channel: ChannelId;
  private readonly effects: ChannelLogEffects<Asker>;
  private readonly limits: ChannelLogLimits;
  private known: KnownLog | undefined;
  private phase: Phase = "cold";
  private token = 0;
  private arrivals = 0;
  private failures = 0;
  private mustReload = false;
  /** The head below a hole that is being filled up. */
  private repairFrom: Seq | undefined;
  /** Head of the log that was filled up and is loaded again; nobody told of what the log holds above. */
  private toldTo: Seq | undefined;
  private now = 0;
  /** Waiting, in order of arrival. */
  private queue: Ticket<Asker>[] = [];
  /** What the turn under way took from the queue and did not answer yet, but for the run. */
  private batch: Ticket<Asker>[] = [];
  private run: { ticket: Ticket<Asker>; event: LogEvent }[] = [];
  /** Lookup of the run's refused event, where it must be found out which of the two keys refused it. */
  private suspect: { ticket: Ticket<Asker>; event: LogEvent } | undefined;
  private whatToRetry: "load" | "judge" | "append" | "recover" = "load";
  /** What the lookup under way is for; noted as sought only once it was answered. */
  private sought: Judged<Asker>["sought"] = [];
  private readonly pending = new PendingTickets<Asker>();

  constructor(channel: ChannelId, effects: ChannelLogEffects<Asker>, limits: ChannelLogLimits) {
    this.channel = channel;
    this.effects = effects;
    this.limits = limits;
  }

  /** Nothing waits and nothing is in flight. */
  get isIdle(): boolean {
    return (this.phase === "idle" || this.phase === "cold") && this.queue.length === 0;
  }

  offer(request: AppendRequest, asker: Asker, now: number): void {
    this.now = Math.max(this.now, now);
    const waiting = this.pending.find(request);
    if (waiting !== undefined && waiting.request.hash === request.hash && waiting.askers.length < 16) {
      // A retry of what is under way: one event, every asker answered. A read under way has begun before this one came.
      waiting.askers.push(asker);
      waiting.askedAt = this.token;
      waiting.isReadSince = false;
      return;
    }
    if (this.queue.length + this.batch.length + this.run.length >= this.limits.queueMax) {
      const message = "channel: too many requests wait for it";
      this.effects.answer(asker, request, { ok: false, code: "unavailable", message, retryAfterMs: 500 });
      return;
    }
    const ticket = newTicket(request, this.arrivals++, [asker], this.token);
    if (waiting === undefined) this.pending.add(ticket);
    this.queue.push(ticket);
    this.pump();
  }

  /** Forgets what is known before the next append: this process may have stood still longer than its lease. */
  forget(): void {
    if (this.phase === "idle" || this.phase === "cold") this.turnCold();
    else this.mustReload = true;
  }

  /** Somebody says that the log has grown to `seq`: reads on, unless a turn that will find out is under way. */
  hear(seq: Seq): void {
    if (this.phase === "idle" && this.known !== undefined && seq > this.known.head) this.startRead();
  }

  onLoaded(token: number, loaded: LoadedLog): void {
    if (!this.completes(token, "loading")) return;
    this.mustReload = false;
    this.known = new KnownLog(loaded);
    for (const ticket of this.queue) {
      // What was looked up before was forgotten with all else.
      ticket.isPrevSought = false;
      ticket.isSelfSought = false;
      ticket.isTargetSought = false;
    }
    this.phase = "idle";
    this.repairFrom = undefined;
    const { toldTo } = this;
    this.toldTo = undefined;
    const surfaced =
      toldTo === undefined ? [] : loaded.tail.map(({ event }) => event).filter(({ seq }) => seq > toldTo);
    if (surfaced.length > 0) this.effects.surfaced(surfaced);
    if (loaded.aboveHole !== undefined) {
      // Only restored logs have holes: fill them up before anything else is numbered.
      this.repairFrom = loaded.head;
      const count = Math.min(loaded.aboveHole - loaded.head - 1, this.limits.runMax);
      const noops = Array.from({ length: count }, (_, at) => noopTicket<Asker>(this.channel, loaded.head + 1 + at));
      this.queue.unshift(...noops);
    }
    this.pump();
  }

  onLookedUp(token: number, targets: readonly StoredEvent[], requests: readonly StoredEvent[]): void {
    if (!this.completes(token, "lookingUp")) return;
    const known = this.mustKnow();
    for (const found of targets) known.rememberTarget(found);
    for (const found of requests) known.rememberRequest(found.event);
    const isBehind = requests.some(({ event }) => event.seq > known.head);
    for (const { ticket, what } of this.sought) {
      ticket[what] = true;
      if (what === "isSelfSought") ticket.selfSoughtAt = known.head;
      // What was looked for may be above our head: whoever is to be refused waits for a read.
      if (isBehind) ticket.isReadSince = false;
    }
    this.sought = [];
    if (this.suspect !== undefined) this.resolveSuspect(known);
    else this.judge();
  }

  onMarked(token: number): void {
    if (!this.completes(token, "marking")) return;
    this.startAppend();
  }

  onAppended(token: number, outcome: AppendOutcome): void {
    if (!this.completes(token, "appending")) return;
    if (outcome.kind === "appended") {
      const events = this.run.map((slot) => slot.event);
      const run = this.run;
      this.run = [];
      this.learn(events);
      for (const { ticket, event } of run) this.acknowledge(ticket, event);
      // The log was as we know it at the instant of our append.
      this.noteRead();
      this.requeueBatch();
      this.pump();
      return;
    }
    // A slot or an id was taken. Which one, and how far the log is, only a majority read can say (rules 1 and 4).
    this.suspect = this.run[outcome.at];
    this.startRecovery();
  }

  onRead(token: number, events: readonly LogEvent[], isEnd: boolean): void {
    if (token !== this.token || (this.phase !== "reading" && this.phase !== "recovering")) return;
    const isRecovering = this.phase === "recovering";
    if (!isRecovering) this.failures = 0;
    const known = this.mustKnow();
    this.learn(events);
    for (const event of events) known.rememberRequest(event);
    if (!isEnd) {
      this.effects.readOn(this.startEffect(this.phase), known.head);
      return;
    }
    this.noteRead();
    if (isRecovering) this.recover(known);
    else this.judge();
  }

  /** The effect under way failed or cannot say what came of it: after a wait, the same again; an append reads back. */
  onFailed(token: number): void {
    if (token !== this.token) return;
    switch (this.phase) {
      case "appending":
        // What came of it only a read can say, and it costs nothing to look at once.
        this.startRecovery();
        return;
      case "loading":
        this.whatToRetry = "load";
        break;
      case "recovering":
        this.whatToRetry = "recover";
        break;
      case "lookingUp":
        this.whatToRetry = this.suspect === undefined ? "judge" : "recover";
        break;
      case "marking":
      case "reading":
        this.whatToRetry = "judge";
        break;
      case "judging":
        // We were wrong about something: what is known is not to be trusted, and nothing was inserted.
        this.queue = [...this.batch, ...this.queue];
        this.batch = [];
        this.known = undefined;
        this.whatToRetry = "load";
        break;
      default:
        return;
    }
    if (this.phase === "marking") {
      // Nothing was inserted: the run's requests are judged anew, with what is in the batch.
      this.batch = byOrder([...this.run.map((slot) => slot.ticket), ...this.batch]);
      this.run = [];
    }
    this.startWait();
  }

  onWaited(token: number, now: number): void {
    if (!this.completes(token, "waiting", false)) return;
    this.now = Math.max(this.now, now);
    switch (this.whatToRetry) {
      case "load":
        this.startLoad();
        break;
      case "append":
        this.startAppend();
        break;
      case "recover":
        this.startRecovery();
        break;
      case "judge":
        this.judge();
        break;
      default:
        this.whatToRetry satisfies never;
    }
  }

  private pump(): void {
    if (this.phase === "idle") {
      if (this.mustReload) this.turnCold();
      else if (this.repairFrom !== undefined && !isNoop(this.queue[0])) {
        // The hole is filled; what lies above it may have more of them.
        const head = this.known?.head ?? 0;
        if (head > this.repairFrom) {
          this.turnCold();
          this.toldTo = head;
        }
        this.repairFrom = undefined;
      }
    }
    if (this.queue.length === 0) return;
    if (this.phase === "cold") this.startLoad();
    else if (this.phase === "idle") {
      const others = this.queue.findIndex((ticket) => !isNoop(ticket));
      const count = this.repairFrom === undefined || others < 0 ? this.limits.runMax : others;
      this.batch = this.queue.splice(0, Math.min(count, this.limits.runMax));
      this.judge();
    }
  }

  /** Judges the batch on what is known, then does what the judgement lacks or wants. */
  private judge(): void {
    const known = this.mustKnow();
    // Answers may call back into offer(): the turn must not begin a second time inside itself.
    this.phase = "judging";
    const judged: Judged<Asker> = judgeBatch(this.channel, this.batch, known, this.now, this.limits);
    if (judged.lookup !== undefined) {
      this.sought = judged.sought;
      this.effects.lookUp(this.startEffect("lookingUp"), judged.lookup);
      return;
    }
    for (const { ticket, answer } of judged.answers) this.settle(ticket, answer);
    this.run = judged.run;
    this.batch = judged.held;
    if (this.run.length > 0) {
      const joins = judged.joins;
      if (joins.length > 0) this.effects.markIn(this.startEffect("marking"), joins);
      else this.startAppend();
    } else if (this.batch.length > 0) {
      // All that is left is refused by what is known, and no refusal leaves on old knowledge (rule 6).
      this.startRead();
    } else {
      this.phase = "idle";
      this.pump();
    }
  }

  /** After a majority read: answers what of the run is in, retries or renumbers the rest (rule 1). */
  private recover(known: KnownLog): void {
    const rest: { ticket: Ticket<Asker>; event: LogEvent }[] = [];
    let isOursAlone = true;
    for (const slot of this.run) {
      const found = known.findRequest(slot.ticket.key);
      if (found === undefined) {
        rest.push(slot);
        continue;
      }
      const { seq, hash, time } = slot.event;
      if (found.seq !== seq || found.hash !== hash || found.time !== time) isOursAlone = false;
      this.settleByFound(slot.ticket, found, seq);
    }
    this.run = rest;
    const first = rest[0];
    if (first === undefined) {
      this.suspect = undefined;
      this.requeueBatch();
      this.pump();
    } else if (first.event.seq !== known.head + 1 || !isOursAlone) {
      // Foreign events took the slots, or another server wrote the same requests with other content or time: judge
      // again on the log as it is now (rule 5). An old copy of the command cannot land any more, since its first slot
      // is taken and it is ordered.
      this.suspect = undefined;
      this.requeueBatch();
      this.pump();
    } else if (this.suspect !== undefined && rest.includes(this.suspect)) {
      // The slot is free as far as a majority read shows, so perhaps the id is the one that is taken.
      const { sender, id } = this.suspect.event;
      this.effects.lookUp(this.startEffect("lookingUp"), { targets: [], requests: [{ sender, id }] });
    } else {
      this.suspect = undefined;
      this.whatToRetry = "append";
      this.startWait();
    }
  }

  private resolveSuspect(known: KnownLog): void {
    const suspect = this.suspect;
    this.suspect = undefined;
    const found = suspect === undefined ? undefined : known.findRequest(suspect.ticket.key);
    if (suspect === undefined || found === undefined) {
      // Refused by a document that a majority read does not show: unknown, so the same again later (rule 4).
      this.whatToRetry = "append";
      this.startWait();
      return;
    }
    this.settleByFound(suspect.ticket, found, suspect.event.seq);
    this.run = this.run.filter((slot) => slot !== suspect);
    this.requeueBatch();
    this.pump();
  }

  private settleByFound(ticket: Ticket<Asker>, found: { seq: Seq; hash: string; time: number }, ours: Seq): void {
    if (found.hash !== ticket.request.hash) {
      this.settle(ticket, { ok: false, code: "conflict", message: "id: already used with other content" });
      return;
    }
    const isDuplicate = found.seq !== ours;
    this.settle(ticket, { ok: true, seq: found.seq, time: found.time, isDuplicate });
  }

  private acknowledge(ticket: Ticket<Asker>, event: LogEvent): void {
    const { seq, time, ordinal } = event;
    this.settle(ticket, { ok: true, seq, time, isDuplicate: false, ordinal });
  }

  private settle(ticket: Ticket<Asker>, answer: Answer): void {
    this.pending.remove(ticket);
    const first = ticket.askers[0];
    if (first !== undefined) this.effects.answer(first, ticket.request, answer);
    if (ticket.askers.length < 2) return;
    const others = ticket.askers.slice(1);
    const again: Answer = answer.ok ? { ...answer, isDuplicate: true } : answer;
    for (const asker of others) this.effects.answer(asker, ticket.request, again);
  }

  private learn(events: readonly LogEvent[]): void {
    const known = this.mustKnow();
    const fresh = events.filter((event) => event.seq > known.head);
    for (const event of fresh) known.apply(event);
    if (fresh.length > 0) this.effects.settled(fresh);
  }

  /** The effect that has just ended showed the whole log at an instant after it was begun. */
  private noteRead(): void {
    for (const ticket of this.batch) if (ticket.askedAt < this.token) ticket.isReadSince = true;
  }

  /** Puts run and batch back at the front, in the order in which they came. */
  private requeueBatch(): void {
    this.phase = "idle";
    this.failures = 0;
    if (this.run.length === 0 && this.batch.length === 0) return;
    const back = byOrder([...this.run.map((slot) => slot.ticket), ...this.batch]);
    this.run = [];
    this.batch = [];
    this.queue = [...back, ...this.queue];
  }

  private startLoad(): void {
    this.effects.load(this.startEffect("loading"));
  }

  private startRead(): void {
    this.effects.readOn(this.startEffect("reading"), this.mustKnow().head);
  }

  private startRecovery(): void {
    this.effects.readOn(this.startEffect("recovering"), this.mustKnow().head);
  }

  private startAppend(): void {
    const events = this.run.map((slot) => slot.event);
    this.effects.append(this.startEffect("appending"), events);
  }

  private startWait(): void {
    this.failures++;
    this.effects.wait(this.startEffect("waiting"), this.failures);
  }

  private startEffect(phase: Phase): number {
    this.phase = phase;
    return ++this.token;
  }

  private completes(token: number, phase: Phase, clearsFailures = true): boolean {
    if (token !== this.token || this.phase !== phase) return false;
    if (clearsFailures && phase === "loading") this.failures = 0;
    return true;
  }

  private turnCold(): void {
    this.phase = "cold";
    this.known = undefined;
    this.mustReload = false;
  }

  private mustKnow(): KnownLog {
    if (this.known === undefined) throw new Error(`channel ${this.channel}: judged before it was loaded`);
    return this.known;
  }
}
