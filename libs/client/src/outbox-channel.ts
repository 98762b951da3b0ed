import type { ErrorFrame } from "@parley/protocol";
import type { Backoff } from "./backoff.ts";
import { ClientError } from "./client-error.ts";
import type { RequestEntry } from "./request-entry.ts";

/** What an answer means for a request. */
export type Verdict =
  /** Refused: no copy of it is in the log or will get there. */
  | { readonly kind: "failed"; readonly error: ClientError }
  /** Send it again; `delayMs` from now, undefined for the back-off's. */
  | { readonly kind: "retry"; readonly delayMs?: number };

/** So many refusals are taken in a row before a request with an open copy is given up as unknown. */
const inconclusiveRefusalsMax = 5;
/**
 * A refusal is believed although a copy is open where the channel has given definite answers alone for so long (ms), so that
 * no copy was left open since: what may still get in of an outage does so within it. Else each of a hundred requests that
 * an outage has left open would hold up all behind it for as long as the first.
 */
const wellForMs = 2_000;
/** Between refusals that are not believed yet, ms: the server is well and answers, so a back-off would only hold the channel up. */
const confirmAfterMs = 300;
/**
 * A channel that has refused everything as `not_member` for so long (ms), and so many times in a row, has refused what
 * stands behind as well: an outbox full of messages to a group that one was removed from must not take minutes to empty.
 */
const shutOutAfterMs = 2_000;

/** These are true of the content, whoever judges it and whenever: no copy of it gets in. */
const contentRefusals: ReadonlySet<string> = new Set(["bad_frame", "too_large", "conflict"]);
/** These are about the session's token. The server ends the socket, and the next session brings a new one. */
const sessionRefusals: ReadonlySet<string> = new Set(["unauthenticated", "token_expired"]);

/**
 * Decides what an `error` means (rules 8 and 9 of the log): it answers one attempt, not the id. Pure but for counting
 * the attempt as answered.
 */
export function judgeError(entry: RequestEntry, frame: ErrorFrame, queue: OutboxChannel, now: number): Verdict {
  if (frame.unknown === true) {
    queue.noteLeftOpen();
  }
  if (frame.code === "unavailable") {
    // It never settles the id, but without `unknown` this copy of it is in nobody's hands any more: mostly one of a window
    // that went out behind a request that was refused. Were it counted as open, each refusal behind that one would have
    // to be confirmed again and again while all that was written later waits.
    if (!frame.unknown && entry.openCopies > 0) entry.openCopies--;
    // It waited for a predecessor that has been refused since: the mended copy has nothing to wait for.
    if (entry.prev !== entry.sentPrev) return { kind: "retry", delayMs: 0 };
  }
  if (frame.retryable || frame.unknown === true || sessionRefusals.has(frame.code)) {
    return frame.retryAfterMs === undefined ? { kind: "retry" } : { kind: "retry", delayMs: frame.retryAfterMs };
  }
  entry.openCopies -= 1;
  queue.noteDefinite(now);
  if (entry.openCopies <= 0 || contentRefusals.has(frame.code)) {
    return { kind: "failed", error: new ClientError(frame.code, frame.message) };
  }
  entry.inconclusiveRefusals += 1;
  const isShutOut = frame.code === "not_member" && queue.noteShutOut(now);
  const isOver = queue.isWellFor(wellForMs, now);
  if (entry.inconclusiveRefusals < inconclusiveRefusalsMax && !isShutOut && !isOver) {
    return { kind: "retry", delayMs: confirmAfterMs };
  }
  return { kind: "failed", error: new ClientError(frame.code, frame.message, { isUnknown: true }) };
}

/**
 * The unsettled requests of one channel, in order, and the chain of `prev` through them (rule 10 of the log).
 */
export class OutboxChannel {
  readonly channel: string;
  readonly backoff: Backoff;
  #entries: RequestEntry[] = [];
  /** The `prev` of the next request. */
  #last: string | undefined;
  /** After an answer "try again" only the oldest goes to the wire, until it is settled: the others wait for it anyway. */
  isProbing = false;
  /** Nothing is sent before this time, ms; 0 for no wait. Over when a request is settled. */
  retryAt = 0;
  /** The same for a rate limit, which does not end with the next ack. */
  holdUntil = 0;

  /** Since when all answers of this channel were definite; undefined after one that was not, or that never came. */
  #wellSince: number | undefined;
  /** `not_member` answers since the last ack, and when the first of them came. */
  #shutOut = { count: 0, since: 0 };

  constructor(channel: string, backoff: Backoff) {
    this.channel = channel;
    this.backoff = backoff;
  }

  get entries(): readonly RequestEntry[] {
    return this.#entries;
  }

  get last(): string | undefined {
    return this.#last;
  }

  add(entry: RequestEntry): void {
    this.#entries.push(entry);
    this.#last = entry.id;
  }

  /** Puts requests of an earlier run before all others and ties the chain anew. */
  prepend(entries: readonly RequestEntry[]): void {
    this.#entries = [...entries, ...this.#entries];
    let prev: string | undefined;
    for (const entry of this.#entries) {
      entry.prev = prev;
      prev = entry.id;
    }
    this.#last = prev;
  }

  /** Takes out a settled request. One that failed is taken out of the chain too: its successor gets its `prev`. */
  remove(entry: RequestEntry, hasFailed: boolean): void {
    const at = this.#entries.indexOf(entry);
    if (at < 0) return;
    this.#entries.splice(at, 1);
    if (!hasFailed) return;
    const successor = this.#entries[at];
    if (successor !== undefined) successor.prev = entry.prev;
    else if (this.#last === entry.id) this.#last = entry.prev;
  }

  /**
   * Forgets the predecessor of the oldest request. It is settled, so its place is taken whether it is named or not;
   * and after a restored store it may be gone, when everything behind it would wait for ever.
   */
  forgetSettledPrev(): void {
    const [oldest] = this.#entries;
    if (oldest === undefined) this.#last = undefined;
    else oldest.prev = undefined;
  }

  /** Those that may go to the wire now, in order; none overtakes one that must wait. */
  sendable(now: number, inFlightMax: number): readonly RequestEntry[] {
    if (now < this.retryAt || now < this.holdUntil) return [];
    const window = this.isProbing ? 1 : inFlightMax;
    const sendable: RequestEntry[] = [];
    for (const entry of this.#entries.slice(0, window)) {
      if (!entry.isStored) break;
      if (!entry.isOnWire) sendable.push(entry);
    }
    return sendable;
  }

  /** One more `not_member`; true when it has been so often and for so long that it stands for all that is queued. */
  noteShutOut(now: number): boolean {
    if (this.#shutOut.count === 0) this.#shutOut.since = now;
    this.#shutOut.count += 1;
    return this.#shutOut.count >= inconclusiveRefusalsMax && now - this.#shutOut.since >= shutOutAfterMs;
  }

  /** An answer says what became of a request. */
  noteDefinite(now: number): void {
    this.#wellSince ??= now;
  }

  /** An answer leaves open what became of a copy of some request, or none came. */
  noteLeftOpen(): void {
    this.#wellSince = undefined;
  }

  isWellFor(ms: number, now: number): boolean {
    return this.#wellSince !== undefined && now - this.#wellSince >= ms;
  }

  /** Something got in: the user is a member. */
  noteAck(now: number): void {
    this.noteDefinite(now);
    this.#shutOut = { count: 0, since: 0 };
    this.backoff.reset();
  }

  /** When the longest unanswered copy was sent; undefined if all are answered. */
  oldestSentAt(): number | undefined {
    let oldest: number | undefined;
    for (const entry of this.#entries) {
      if (entry.isOnWire && (oldest === undefined || entry.sentAt < oldest)) oldest = entry.sentAt;
    }
    return oldest;
  }
}
