import type { RequestId } from "@parley/protocol";
import type { CallOff, Clock } from "../clock.ts";
import type { Asker } from "./log-host.ts";
import type { AppendRequest } from "./request.ts";

/** One request on its way into its log. */
export interface Call {
  readonly request: AppendRequest;
  readonly asker: Asker;
  readonly startedAt: number;
  /** When the home last said that it is at it. */
  pendingAt: number;
  /** Copies of this request that may still get in. */
  copies: number;
  isOurs: boolean;
  isDone: boolean;
  /** Of the clock, ms: when something is to be done about it. */
  dueAt: number;
  /** Under which the home answers; 0 until it was forwarded. */
  number: number;
  before: Call | undefined;
  after: Call | undefined;
  /** The next forwarded one with the same request id. */
  sameId: Call | undefined;
}

/** Sweeps are so far apart at least, ms: what is due is late by no more. */
const grainMs = 10;

/**
 * The calls that were not answered yet: all of them in a list, the forwarded ones by number and by request id too. One
 * timer watches over all: a timer a call would be made and thrown away with every message.
 */
export class OpenCalls {
  private readonly clock: Clock;
  private readonly onDue: (call: Call) => void;
  private readonly byNumber = new Map<number, Call>();
  private readonly byId = new Map<RequestId, Call>();
  private first: Call | undefined;
  private count = 0;
  private sweepAt = Number.POSITIVE_INFINITY;
  private stopSweep: CallOff | undefined;

  constructor(clock: Clock, onDue: (call: Call) => void) {
    this.clock = clock;
    this.onDue = onDue;
  }

  get size(): number {
    return this.count;
  }

  add(call: Call): void {
    this.count++;
    call.after = this.first;
    if (this.first !== undefined) this.first.before = call;
    this.first = call;
  }

  /** Also found by its number and its request's id from now on. **Repeat**: does nothing. */
  index(call: Call, number: number): void {
    if (call.number !== 0) return;
    call.number = number;
    this.byNumber.set(number, call);
    const { id } = call.request;
    call.sameId = this.byId.get(id);
    this.byId.set(id, call);
  }

  find(number: number): Call | undefined {
    return this.byNumber.get(number);
  }

  /** The first forwarded call with that request id; the others hang on it by `sameId`. */
  findById(id: RequestId): Call | undefined {
    return this.byId.size === 0 ? undefined : this.byId.get(id);
  }

  /** **Repeat**: does nothing. */
  remove(call: Call): void {
    if (call.isDone) return;
    call.isDone = true;
    this.count--;
    if (call.before === undefined) this.first = call.after;
    else call.before.after = call.after;
    if (call.after !== undefined) call.after.before = call.before;
    call.before = undefined;
    call.after = undefined;
    if (call.number !== 0) this.unindex(call);
  }

  /** Something is to be done about the call in so many ms, unless it is answered before. */
  due(call: Call, afterMs: number): void {
    const now = this.clock.now();
    call.dueAt = now + afterMs;
    if (call.dueAt < this.sweepAt) this.scheduleSweep(call.dueAt, now);
  }

  private unindex(call: Call): void {
    this.byNumber.delete(call.number);
    const { id } = call.request;
    const first = this.byId.get(id);
    if (first === call) {
      if (call.sameId === undefined) this.byId.delete(id);
      else this.byId.set(id, call.sameId);
    } else {
      let other = first;
      while (other !== undefined && other.sameId !== call) other = other.sameId;
      if (other !== undefined) other.sameId = call.sameId;
    }
  }

  private scheduleSweep(at: number, now: number): void {
    this.stopSweep?.();
    const delay = Math.max(grainMs, at - now);
    this.sweepAt = now + delay;
    this.stopSweep = this.clock.after(delay, () => this.sweep());
  }

  private sweep(): void {
    const now = this.clock.now();
    this.stopSweep = undefined;
    this.sweepAt = Number.POSITIVE_INFINITY;
    const due: Call[] = [];
    let next = Number.POSITIVE_INFINITY;
    for (let call = this.first; call !== undefined; call = call.after) {
      if (call.dueAt <= now) due.push(call);
      else next = Math.min(next, call.dueAt);
    }
    if (next < Number.POSITIVE_INFINITY) this.scheduleSweep(next, now);
    // In the order in which they came.
    for (const call of due.reverse()) {
      if (call.isDone || call.dueAt > now) continue;
      // Whoever is told sets a new time, or none.
      call.dueAt = Number.POSITIVE_INFINITY;
      this.onDue(call);
    }
  }
}

/** A fresh call, in no list yet. */
export function newCall(request: AppendRequest, asker: Asker, startedAt: number, copies: number): Call {
  return {
    request,
    asker,
    startedAt,
    pendingAt: Number.NEGATIVE_INFINITY,
    copies,
    isOurs: false,
    isDone: false,
    dueAt: Number.POSITIVE_INFINITY,
    number: 0,
    before: undefined,
    after: undefined,
    sameId: undefined,
  };
}
