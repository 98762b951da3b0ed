import type { NodeId } from "@parley/cluster";
import type { ChannelId, Seq } from "@parley/protocol";
import type { Telemetry } from "@parley/telemetry";
import type { Clock } from "../clock.ts";
import type { Loss, Peers } from "../peer/peers.ts";
import type { RelayedEvent } from "../relay/relayed-event.ts";
import { Admission, type AdmissionLimits } from "./admission.ts";
import { ForwardedCalls } from "./forwarded-calls.ts";
import type { Homes } from "./homes.ts";
import type { Asker, LogHost } from "./log-host.ts";
import { type Call, newCall, OpenCalls } from "./open-calls.ts";
import { type Answer, type AppendRequest, weightOf } from "./request.ts";

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
  private readonly calls: OpenCalls;
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
    this.nextCall = 1 + Math.floor(this.clock.random() * 2 ** 40);
    this.homes = options.homes;
    this.logs = options.logs;
    this.peers = options.peers;
    this.telemetry = options.telemetry;
    this.times = options.times ?? appendTimes;
    this.admission = new Admission(options.admission ?? admissionLimits);
    this.onAcked = options.onAcked;
    this.hasJustTold = options.hasJustTold ?? (() => false);
    this.calls = new OpenCalls(this.clock, (call) => this.onDue(call));
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
    const call = newCall(request, asker, this.clock.now(), isRepeat ? 1 : 0);
    this.calls.add(call);
    const home = this.homes.homeOf(request.channel);
    if (home === this.homes.self) this.appendHere(call);
    else this.forward(call, home);
  }

  /** The home's own word. */
  onAnswer(number: number, answer: Answer): void {
    const call = this.calls.find(number);
    if (call === undefined) return;
    this.finish(call, answer, 1);
    if (answer.ok) this.onAcked(call.request.channel, answer.seq);
  }

  /** The home has it, and its log or the store takes its time. Two who append to one log only hinder each other. */
  onPending(number: number): void {
    const call = this.calls.find(number);
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
    for (const event of events) {
      let call = this.calls.findById(event.id);
      while (call !== undefined) {
        const next: Call | undefined = call.sameId;
        const { request } = call;
        if (request.channel === channel && request.sender === event.sender && this.isOf(request, event)) {
          const { seq, time, ordinal } = event;
          this.finish(call, { ok: true, seq, time, isDuplicate: false, ordinal }, 0);
        }
        call = next;
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
  protected onLost(call: Call, loss: Loss): void {
    if (call.isDone || call.isOurs) return;
    if (loss === "nobody") this.again(call);
    else this.appendHere(call);
  }

  private onDue(call: Call): void {
    if (call.isOurs) this.giveUp(call);
    else this.again(call);
  }

  private appendHere(call: Call): void {
    call.isOurs = true;
    call.copies++;
    this.calls.due(call, Math.max(call.startedAt + this.times.giveUpMs - this.clock.now(), 0));
    this.offer(call.request, (answer) => this.finish(call, answer, 1));
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

  private forward(call: Call, home: NodeId): void {
    if (!this.peers.isUp) {
      this.appendHere(call);
      return;
    }
    if (call.number === 0) this.calls.index(call, this.nextCall++);
    call.copies++;
    this.telemetry.metrics.forwards.of("sent").inc();
    this.peers.send(home, { type: "append", call: call.number, request: call.request }, (loss) =>
      this.onLost(call, loss),
    );
    const waited = this.clock.now() - Math.max(call.startedAt, call.pendingAt);
    const delay = Math.min(this.times.forwardAgainMs, Math.max(this.times.appendSelfMs - waited, 1)) * this.jitter;
    this.calls.due(call, delay);
  }

  private again(call: Call): void {
    this.telemetry.metrics.forwards.of("again").inc();
    const home = this.homes.homeOf(call.request.channel);
    const { appendSelfMs, appendSelfBesideMs } = this.times;
    const now = this.clock.now();
    const isSilent = now - Math.max(call.startedAt, call.pendingAt) >= appendSelfMs;
    const isLate = now - call.startedAt >= appendSelfBesideMs;
    if (isSilent || isLate || home === this.homes.self) this.appendHere(call);
    else this.forward(call, home);
  }

  private giveUp(call: Call): void {
    const message = "channel: the store does not answer in time; the request may still get in";
    this.finish(call, { ok: false, code: "unavailable", message, retryAfterMs: 1_000 }, 0);
  }

  /** `settledCopies`: how many copies this answer says are under way no more. */
  private finish(call: Call, answer: Answer, settledCopies: number): void {
    if (call.isDone) return;
    this.calls.remove(call);
    const isOpen = !answer.ok && call.copies > settledCopies;
    call.asker(isOpen ? { ...answer, isUnknown: true } : answer);
  }
}
