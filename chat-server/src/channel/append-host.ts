import type { NodeId } from "@parley/cluster";
import type { ChannelId, Seq } from "@parley/protocol";
import type { Telemetry } from "@parley/telemetry";
import type { CallOff, Clock } from "../clock.ts";
import type { Loss, Peers } from "../peer/peers.ts";
import type { RelayedEvent } from "../relay/relayed-event.ts";
import { Admission, type AdmissionLimits } from "./admission.ts";
import { ForwardedCalls } from "./forwarded-calls.ts";
import type { Homes } from "./homes.ts";
import type { Asker, LogHost } from "./log-host.ts";
import { type Answer, type AppendRequest, requestKey, weightOf } from "./request.ts";

export interface AppendTimes {
  /** How long a forwarded request waits for the home before it is forwarded again. */
  readonly forwardAgainMs: number;
  /** How long without a word of the home before the session's server appends by itself. */
  readonly appendSelfMs: number;
  /** How long before it does although the home says that it is at it: the store may be out of the home's reach alone. */
  readonly appendSelfBesideMs: number;
  /** How long before the asker is told `unavailable`; the request may still get in. */
  readonly giveUpMs: number;
}

export const appendTimes: AppendTimes = {
  forwardAgainMs: 400,
  appendSelfMs: 1_200,
  appendSelfBesideMs: 3_000,
  giveUpMs: 4_000,
};
/** The wait is shorter than `appendSelfMs`: else other servers would append by themselves what waits here, and fight. */
export const admissionLimits: AdmissionLimits = { requestsMax: 20_000, bytesMax: 32 * 1024 * 1024, waitMs: 800 };

/** One request on its way to its home. */
export interface Call {
  readonly request: AppendRequest;
  readonly asker: Asker;
  readonly startedAt: number;
  /** When the home last said that it is at it. */
  pendingAt: number;
  /** Copies of this request that may still get in. */
  copies: number;
  isOurs: boolean;
  stopTimer: CallOff;
}

/**
 * Brings a request into its channel's log: a call where the home is here, a forward where it is not, and by our own
 * hand where the home is out of reach; so Redis is never needed for an ack (rule 11).
 * **Repeat**: safe, appends are idempotent. **Bounds**: `callsMax` forwards under way, and of what is appended here what
 * {@link Admission} lets in, whoever asked; then `unavailable` with `retryAfterMs`.
 */
export class AppendHost {
  private readonly clock: Clock;
  private readonly homes: Homes;
  private readonly logs: LogHost;
  private readonly peers: Peers;
  private readonly telemetry: Telemetry;
  private readonly times: AppendTimes;
  private readonly onAcked: (channel: ChannelId, seq: Seq) => void;
  private readonly hasJustTold: (node: NodeId, channel: ChannelId, seq: Seq) => boolean;
  private readonly calls = new Map<number, Call>();
  /** Of forwarded requests, by channel and (sender, id): an event that is relayed to us answers them as well. */
  private readonly byKey = new Map<string, Set<number>>();
  protected readonly forwarded = new ForwardedCalls();
  private readonly admission: Admission;
  /** By server, not by call: servers must not all come at once, but the requests of one must keep their order. */
  private readonly jitter: number;
  /** At random: a server that was started anew must not take an answer to its former self for its own. */
  private nextCall: number;
  private static readonly callsMax = 50_000;

  constructor(options: {
    clock: Clock;
    homes: Homes;
    logs: LogHost;
    peers: Peers;
    telemetry: Telemetry;
    /** A log is known to reach so far: whoever follows it reads on, where the event itself did not come. */
    onAcked: (channel: ChannelId, seq: Seq) => void;
    /** See {@link Publisher.hasJustTold}. Default: never. */
    hasJustTold?: (node: NodeId, channel: ChannelId, seq: Seq) => boolean;
    times?: AppendTimes;
    admission?: AdmissionLimits;
  }) {
    this.clock = options.clock;
    this.jitter = 0.75 + this.clock.random() * 0.5;
    this.nextCall = Math.floor(this.clock.random() * 2 ** 40);
    this.homes = options.homes;
    this.logs = options.logs;
    this.peers = options.peers;
    this.telemetry = options.telemetry;
    this.times = options.times ?? appendTimes;
    this.admission = new Admission(options.admission ?? admissionLimits);
    this.onAcked = options.onAcked;
    this.hasJustTold = options.hasJustTold ?? (() => false);
  }

  /** Requests that were not answered yet. */
  get openCount(): number {
    return this.calls.size;
  }

  /** Calls the asker exactly once. `isRepeat`: another copy of this request may be under way already. */
  append(request: AppendRequest, isRepeat: boolean, asker: Asker): void {
    if (this.calls.size >= AppendHost.callsMax) {
      const message = "channel: too many requests are under way";
      asker({ ok: false, code: "unavailable", message, retryAfterMs: 1_000 });
      return;
    }
    const number = this.nextCall++;
    const call: Call = {
      request,
      asker,
      startedAt: this.clock.now(),
      pendingAt: Number.NEGATIVE_INFINITY,
      copies: isRepeat ? 1 : 0,
      isOurs: false,
      stopTimer: () => undefined,
    };
    this.calls.set(number, call);
    const home = this.homes.homeOf(request.channel);
    if (home === this.homes.self) this.appendHere(number, call);
    else this.forward(number, call, home);
  }

  /** The home's own word. */
  onAnswer(number: number, answer: Answer): void {
    const call = this.calls.get(number);
    this.finish(number, answer, 1);
    if (answer.ok && call !== undefined) this.onAcked(call.request.channel, answer.seq);
  }

  /** The home has it, and its log or the store takes its time. Two who append to one log only hinder each other. */
  onPending(number: number): void {
    const call = this.calls.get(number);
    if (call !== undefined) call.pendingAt = this.clock.now();
  }

  /** A peer asks us to append; we do, whether or not we think ourselves the home: it has its reasons. */
  onForwarded(from: NodeId, number: number, request: AppendRequest): void {
    const known = this.forwarded.begin(from, number);
    if (known === "open") return this.peers.send(from, { type: "pending", call: number });
    const reply = (answer: Answer): void => this.peers.send(from, { type: "answer", call: number, answer });
    if (known !== "new") return reply(known);
    this.offer(request, (answer) => {
      this.forwarded.end(from, number, answer);
      if (answer.ok && !answer.isDuplicate && this.hasJustTold(from, request.channel, answer.seq)) return;
      reply(answer);
    });
  }

  /** An event that reached us on any path is the ack of the request it came from (rule 11). */
  onLearned(channel: ChannelId, events: readonly RelayedEvent[]): void {
    if (this.byKey.size === 0) return;
    for (const event of events) {
      const numbers = this.byKey.get(`${channel}\n${requestKey(event.sender, event.id)}`);
      if (numbers === undefined) continue;
      for (const number of [...numbers]) {
        const call = this.calls.get(number);
        if (call === undefined || !this.isOf(call.request, event)) continue;
        this.finish(number, { ok: true, seq: event.seq, time: event.time, isDuplicate: false }, 0);
      }
    }
  }

  /** The same id is not enough: it may have been used for something else. */
  protected isOf(request: AppendRequest, event: RelayedEvent): boolean {
    return request.hash === event.hash;
  }

  /**
   * No reason to wait. The copy still counts: a publish that took too long may arrive yet (rule 9). Where nobody listens
   * any more, another is the home now; else the bus is away, and we append by ourselves.
   */
  protected onLost(number: number, call: Call, loss: Loss): void {
    if (this.calls.get(number) !== call || call.isOurs) return;
    if (loss === "nobody") this.again(number, call);
    else this.appendHere(number, call);
  }

  private appendHere(number: number, call: Call): void {
    call.isOurs = true;
    call.copies++;
    const left = call.startedAt + this.times.giveUpMs - this.clock.now();
    call.stopTimer();
    call.stopTimer = this.clock.after(Math.max(left, 0), () => this.giveUp(number));
    this.offer(call.request, (answer) => this.finish(number, answer, 1));
  }

  private offer(request: AppendRequest, asker: Asker): void {
    const bytes = weightOf(request);
    const retryAfterMs = this.admission.tryEnter(bytes, this.clock.now());
    if (retryAfterMs !== undefined) {
      // Askers of one moment must not all come back in one moment.
      const jittered = Math.round(retryAfterMs * (0.75 + this.clock.random() * 0.5));
      const message = "server: too many requests wait for the store";
      asker({ ok: false, code: "unavailable", message, retryAfterMs: jittered });
      return;
    }
    this.tellWaiting();
    this.logs.offer(request, (answer) => {
      this.admission.leave(bytes, this.clock.now());
      this.tellWaiting();
      asker(answer);
    });
  }

  private tellWaiting(): void {
    const { requests, bytes } = this.admission.waiting;
    this.telemetry.metrics.waitingRequests.set(requests);
    this.telemetry.metrics.waitingBytes.set(bytes);
  }

  private forward(number: number, call: Call, home: NodeId): void {
    if (!this.peers.isUp) {
      this.appendHere(number, call);
      return;
    }
    this.index(number, call);
    call.copies++;
    this.telemetry.metrics.forwards.of("sent").inc();
    this.peers.send(home, { type: "append", call: number, request: call.request }, (loss) =>
      this.onLost(number, call, loss),
    );
    const waited = this.clock.now() - Math.max(call.startedAt, call.pendingAt);
    const delay = Math.min(this.times.forwardAgainMs, Math.max(this.times.appendSelfMs - waited, 1)) * this.jitter;
    call.stopTimer();
    call.stopTimer = this.clock.after(delay, () => this.again(number, call));
  }

  private again(number: number, call: Call): void {
    this.telemetry.metrics.forwards.of("again").inc();
    const home = this.homes.homeOf(call.request.channel);
    const { appendSelfMs, appendSelfBesideMs } = this.times;
    const now = this.clock.now();
    const isSilent = now - Math.max(call.startedAt, call.pendingAt) >= appendSelfMs;
    const isLate = now - call.startedAt >= appendSelfBesideMs;
    if (isSilent || isLate || home === this.homes.self) this.appendHere(number, call);
    else this.forward(number, call, home);
  }

  private giveUp(number: number): void {
    const message = "channel: the store does not answer in time; the request may still get in";
    this.finish(number, { ok: false, code: "unavailable", message, retryAfterMs: 1_000 }, 0);
  }

  /** `settledCopies`: how many copies this answer says are under way no more. */
  private finish(number: number, answer: Answer, settledCopies: number): void {
    const call = this.calls.get(number);
    if (call === undefined) return;
    this.calls.delete(number);
    call.stopTimer();
    this.unindex(number, call);
    const isOpen = !answer.ok && call.copies > settledCopies;
    call.asker(isOpen ? { ...answer, isUnknown: true } : answer);
  }

  private index(number: number, call: Call): void {
    const key = `${call.request.channel}\n${requestKey(call.request.sender, call.request.id)}`;
    const numbers = this.byKey.get(key);
    if (numbers === undefined) this.byKey.set(key, new Set([number]));
    else numbers.add(number);
  }

  private unindex(number: number, call: Call): void {
    const key = `${call.request.channel}\n${requestKey(call.request.sender, call.request.id)}`;
    const numbers = this.byKey.get(key);
    if (numbers === undefined) return;
    numbers.delete(number);
    if (numbers.size === 0) this.byKey.delete(key);
  }
}
