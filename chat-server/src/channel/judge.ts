import type { ChannelId, RequestId, Seq, UserId } from "@parley/protocol";
import type { EventBody, LogEvent } from "@parley/store";
import type { ChannelLogLimits, Lookup } from "./channel-log-effects.ts";
import { decide, notMember, pointsAt } from "./decide.ts";
import { isControl } from "./fold.ts";
import type { KnownLog } from "./known-log.ts";
import { type Answer, refuse, requestKey } from "./request.ts";
import type { Ticket } from "./ticket.ts";

type Sought = "isPrevSought" | "isSelfSought" | "isTargetSought";

/** What became of a batch: exactly one of `lookup` or the rest is of use. */
export interface Judged<Asker> {
  /** Facts that are missing; nothing was decided yet. */
  readonly lookup: Lookup | undefined;
  /** To be noted on the tickets once the lookup was answered. */
  readonly sought: readonly { readonly ticket: Ticket<Asker>; readonly what: Sought }[];
  readonly answers: readonly { readonly ticket: Ticket<Asker>; readonly answer: Answer }[];
  readonly run: { ticket: Ticket<Asker>; event: LogEvent }[];
  readonly joins: readonly { readonly users: readonly UserId[]; readonly seq: Seq }[];
  /** Not decided in this turn: what only an unsettled event forbids (rule 7), what needs a read first (rule 6), and
   *  whatever the same sender asked after it. */
  readonly held: Ticket<Asker>[];
}

/**
 * Judges a batch in order on the fold of the log before each event, those of the run included (rule 5). Pure, but for
 * the order of what was looked at last. Refusals and duplicates rest on durable events only.
 */
export function judgeBatch<Asker>(
  channel: ChannelId,
  batch: readonly Ticket<Asker>[],
  known: KnownLog,
  now: number,
  limits: ChannelLogLimits,
): Judged<Asker> {
  return new Judgement<Asker>(channel, known, now, limits).judge(batch);
}

class Judgement<Asker> {
  private readonly channel: ChannelId;
  private readonly known: KnownLog;
  private readonly now: number;
  private readonly limits: ChannelLogLimits;
  private fold;
  private isTrial = false;
  private ordinal: number;
  // Most batches are one message that is simply appended: what only others need is made when they come.
  private targets: Set<Seq> | undefined;
  private requests: Map<string, { sender: UserId; id: string }> | undefined;
  private readonly sought: { ticket: Ticket<Asker>; what: Sought }[] = [];
  private readonly answers: { ticket: Ticket<Asker>; answer: Answer }[] = [];
  private readonly run: { ticket: Ticket<Asker>; event: LogEvent }[] = [];
  private readonly joins: { users: UserId[]; seq: Seq }[] = [];
  private readonly held: Ticket<Asker>[] = [];
  private heldSenders: Set<UserId> | undefined;
  private runKeys: Set<string> | undefined;
  private runDeletes: Set<Seq> | undefined;

  constructor(channel: ChannelId, known: KnownLog, now: number, limits: ChannelLogLimits) {
    this.channel = channel;
    this.known = known;
    this.now = now;
    this.limits = limits;
    this.fold = known.fold;
    this.ordinal = known.ordinal;
  }

  judge(batch: readonly Ticket<Asker>[]): Judged<Asker> {
    for (const ticket of batch) this.judgeOne(ticket);
    const { targets, requests } = this;
    return {
      lookup:
        targets === undefined && requests === undefined
          ? undefined
          : { targets: [...(targets ?? [])], requests: [...(requests?.values() ?? [])] },
      sought: this.sought,
      answers: this.answers,
      run: this.run,
      joins: this.joins,
      held: this.held,
    };
  }

  private judgeOne(ticket: Ticket<Asker>): void {
    const { request, key } = ticket;
    const found = this.known.findRequest(key);
    if (found !== undefined) {
      const isSame = found.hash === request.hash;
      const answer: Answer = isSame
        ? { ok: true, seq: found.seq, time: found.time, isDuplicate: true }
        : refuse("conflict", "id: already used with other content");
      this.answers.push({ ticket, answer });
      return;
    }
    const isSoughtSince = ticket.isSelfSought && ticket.selfSoughtAt === this.known.head;
    if (!isSoughtSince && this.known.mayHaveRequest(request.sender, request.id)) {
      this.seek(ticket, request.id, "isSelfSought");
      return;
    }
    if (this.heldSenders?.has(request.sender) || this.isInRun(key)) return this.hold(ticket);
    if (!this.isPrevIn(ticket)) return;
    const pointed = pointsAt(request);
    const target = pointed === undefined ? undefined : this.known.findTarget(pointed);
    if (pointed !== undefined && target === undefined && pointed <= this.known.head && !ticket.isTargetSought) {
      this.targets ??= new Set();
      this.targets.add(pointed);
      this.sought.push({ ticket, what: "isTargetSought" });
      return;
    }
    if (pointed !== undefined && this.runDeletes?.has(pointed)) return this.hold(ticket);
    const decision = decide(request, this.fold, target, this.limits);
    if (decision.kind === "append") return this.number(ticket, decision.body);
    if (!ticket.isSelfSought) {
      // What was acked once is acked for good, even to somebody who has left since (I2).
      this.seek(ticket, request.id, "isSelfSought");
      return;
    }
    if (this.isTrial) {
      // Neither a refusal nor an ack may rest on what is in flight (rule 7).
      this.hold(ticket);
    } else if (decision.kind === "exists") {
      this.answers.push({ ticket, answer: { ok: true, seq: 1, time: this.known.time, isDuplicate: true } });
    } else if (ticket.isReadSince) {
      this.answers.push({ ticket, answer: decision.answer });
    } else {
      this.hold(ticket);
    }
  }

  /** False where `prev` has to be looked up first, is not there, or is itself held. */
  private isPrevIn(ticket: Ticket<Asker>): boolean {
    const { prev, sender } = ticket.request;
    if (prev === undefined) return true;
    if (this.known.mayHaveRequest(sender, prev) || this.isInRun(requestKey(sender, prev))) return true;
    if (!ticket.isPrevSought) {
      this.seek(ticket, prev, "isPrevSought");
      return false;
    }
    if (!ticket.isReadSince) {
      // The lookup may have found it above our head, and whoever only waits never learns (rule 6).
      this.hold(ticket);
      return false;
    }
    if (!this.isTrial && ticket.request.wish.kind !== "create" && !this.fold.isMember(sender)) {
      // Without membership there is no use in waiting for it: what was asked after a removal is refused one by one.
      if (ticket.isSelfSought) this.answers.push({ ticket, answer: notMember });
      else this.seek(ticket, ticket.request.id, "isSelfSought");
      return false;
    }
    const message = "prev: that request is not in the channel yet";
    this.answers.push({ ticket, answer: { ok: false, code: "unavailable", message, retryAfterMs: 100 } });
    return false;
  }

  private seek(ticket: Ticket<Asker>, id: RequestId, what: Sought): void {
    const sender = ticket.request.sender;
    this.requests ??= new Map();
    this.requests.set(requestKey(sender, id), { sender, id });
    this.sought.push({ ticket, what });
  }

  private isInRun(key: string): boolean {
    if (this.run.length === 0) return false;
    this.runKeys ??= new Set(this.run.map(({ ticket }) => ticket.key));
    return this.runKeys.has(key);
  }

  private hold(ticket: Ticket<Asker>): void {
    this.held.push(ticket);
    this.heldSenders ??= new Set();
    this.heldSenders.add(ticket.request.sender);
  }

  private number(ticket: Ticket<Asker>, body: EventBody): void {
    const { request } = ticket;
    if (body.kind === "message") this.ordinal++;
    const event: LogEvent = {
      channel: this.channel,
      seq: this.known.head + this.run.length + 1,
      sender: request.sender,
      id: request.id,
      time: Math.max(this.now, this.known.time),
      ordinal: this.ordinal,
      control: this.fold.lastControl,
      hash: request.hash,
      body,
    };
    this.run.push({ ticket, event });
    this.runKeys?.add(ticket.key);
    if (body.kind === "delete") {
      this.runDeletes ??= new Set();
      this.runDeletes.add(body.target);
    }
    if (!isControl(body)) return;
    if (!this.isTrial) {
      this.fold = this.fold.clone();
      this.isTrial = true;
    }
    this.fold.apply(event);
    if (body.kind === "created") this.joins.push({ users: body.members.map((m) => m.user), seq: event.seq });
    else if (body.kind === "member" && body.change === "joined")
      this.joins.push({ users: [body.user], seq: event.seq });
  }
}
