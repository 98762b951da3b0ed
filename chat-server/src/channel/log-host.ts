import type { ChannelId, Seq } from "@parley/protocol";
import { type LogEvent, type MessageStore, StoreError } from "@parley/store";
import type { Telemetry } from "@parley/telemetry";
import { type CallOff, type Clock, sleep } from "../clock.ts";
import { ChannelLog } from "./channel-log.ts";
import type { ChannelLogEffects, ChannelLogLimits } from "./channel-log-effects.ts";
import { OriginHost } from "./origin-host.ts";
import { readForTakeOver, snapshotEvery } from "./read-log.ts";
import type { Answer, AppendRequest } from "./request.ts";

export type Asker = (answer: Answer) => void;

export interface LogHostOptions {
  readonly clock: Clock;
  readonly store: MessageStore;
  readonly limits: ChannelLogLimits;
  readonly telemetry: Telemetry;
  /** Durable events that were not told before, in order, of one channel; above what came before them there may be
   *  others. Called before the askers hear their acks. */
  readonly onSettled: (channel: ChannelId, events: readonly LogEvent[]) => void;
}

interface Held {
  readonly log: ChannelLog<Asker>;
  usedAt: number;
}

/** Of a log that is taken over: enough for what is being retried; older requests are looked up one by one. */
const tailEvents = 32;
const idleMs = 120_000;
const logsMax = 20_000;

/**
 * The logs that this server sequences: those it is the home of, and those whose home is out of reach. Connects the
 * pure {@link ChannelLog} to the store and to time.
 * **Bounds**: 20,000 logs; an idle one is forgotten after two minutes, or earlier when there are too many.
 */
export class LogHost {
  protected readonly limits: ChannelLogLimits;
  private readonly options: LogHostOptions;
  private readonly logs = new Map<ChannelId, Held>();
  private readonly origin: OriginHost;
  private readonly stop: CallOff;

  constructor(options: LogHostOptions) {
    this.options = options;
    this.limits = options.limits;
    this.origin = this.createOrigin(options);
    this.stop = options.clock.every(10_000, () => this.evict());
  }

  /** The asker is called exactly once, unless this process ends before. */
  offer(request: AppendRequest, asker: Asker): void {
    this.hold(request.channel).log.offer(request, asker, this.options.clock.wallNow());
  }

  /** Somebody says that the channel's log reaches to `seq`; of use only where it is sequenced here. */
  hear(channel: ChannelId, seq: Seq): void {
    this.logs.get(channel)?.log.hear(seq);
  }

  /** Our lease ran out: forget all, so that nothing is judged on what others may have changed. */
  forgetAll(): void {
    for (const { log } of this.logs.values()) log.forget();
  }

  /** Resolves when nothing is in flight, or after the deadline. */
  async settle(deadlineMs: number): Promise<void> {
    const { clock } = this.options;
    const until = clock.now() + deadlineMs;
    while (clock.now() < until && [...this.logs.values()].some(({ log }) => !log.isIdle)) {
      await sleep(clock, 20);
    }
    await this.origin.flush();
  }

  close(): void {
    this.stop();
    this.origin.close();
  }

  private hold(channel: ChannelId): Held {
    let held = this.logs.get(channel);
    if (held === undefined) {
      held = { log: this.createLog(channel, this.effectsFor(channel)), usedAt: 0 };
      this.logs.set(channel, held);
      if (this.logs.size > logsMax) this.evict();
    }
    held.usedAt = this.options.clock.now();
    return held;
  }

  protected createOrigin({ clock, store, telemetry }: LogHostOptions): OriginHost {
    return new OriginHost(clock, store, telemetry);
  }

  protected createLog(channel: ChannelId, effects: ChannelLogEffects<Asker>): ChannelLog<Asker> {
    return new ChannelLog(channel, effects, this.limits);
  }

  protected logOf(channel: ChannelId): ChannelLog<Asker> {
    return this.hold(channel).log;
  }

  protected effectsFor(channel: ChannelId): ChannelLogEffects<Asker> {
    const { clock, store, telemetry } = this.options;
    const { metrics } = telemetry;
    // Nothing is forgotten while an effect is under way, so the log that asked is the one that is answered.
    let asked: ChannelLog<Asker> | undefined;
    const log = (): ChannelLog<Asker> => (asked ??= this.logOf(channel));
    const fail = (token: number, error: unknown): void => {
      if (error instanceof StoreError) metrics.storeErrors.of(error.code).inc();
      else telemetry.logger.error({ err: error, channel }, "channel step failed");
      log().onFailed(token);
    };
    const attempt = (token: number, work: () => Promise<void>): void => {
      work().catch((error: unknown) => fail(token, error));
    };
    return {
      load: (token) =>
        attempt(token, async () => {
          const { loaded, state } = await readForTakeOver(store, channel, tailEvents);
          this.origin.takeOver(channel, state.applied, state.head);
          if (state.walked >= snapshotEvery) this.origin.keepSnapshot(channel, state.fold);
          log().onLoaded(token, loaded);
        }),
      lookUp: (token, lookup) =>
        attempt(token, async () => {
          if (lookup.targets.length > 0) await this.origin.redone(channel);
          const [targets, requests] = await Promise.all([
            lookup.targets.length === 0 ? [] : store.readAt(channel, lookup.targets),
            Promise.all(lookup.requests.map(({ sender, id }) => store.findByRequest(channel, sender, id))),
          ]);
          log().onLookedUp(
            token,
            targets,
            requests.filter((found) => found !== undefined),
          );
        }),
      markIn: (token, joins) =>
        attempt(token, async () => {
          await Promise.all(joins.map(({ users, seq }) => store.markIn(users, channel, seq)));
          log().onMarked(token);
        }),
      append: (token, events) => {
        const stop = metrics.appendSeconds.startTimer();
        metrics.runEvents.observe(events.length);
        // One promise where a function that awaits would make several: this is done with every message.
        store
          .append(channel, events)
          .then(
            (outcome) => {
              stop();
              metrics.appends.of(outcome.kind).inc();
              log().onAppended(token, outcome);
            },
            (error: unknown) => {
              metrics.appends.of("failed").inc();
              fail(token, error);
            },
          )
          .catch((error: unknown) => fail(token, error));
      },
      readOn: (token, after) =>
        attempt(token, async () => {
          const page = await store.readAfter(channel, after, { events: 500 });
          log().onRead(
            token,
            page.events.map((stored) => stored.event),
            page.isEnd,
          );
        }),
      wait: (token, count) => {
        // Full jitter over 25 ms · 2^n: two servers that fight for a slot must not meet again.
        const delay = clock.random() * Math.min(25 * 2 ** count, 2_000);
        clock.after(delay, () => log().onWaited(token, clock.wallNow()));
      },
      answer: (asker, _request, answer) => asker(answer),
      settled: (events) => {
        this.origin.settled(channel, events);
        this.options.onSettled(channel, events);
      },
      // Their origins are seen to by the take-over.
      surfaced: (events) => this.options.onSettled(channel, events),
    };
  }

  private evict(): void {
    const before = this.options.clock.now() - (this.logs.size > logsMax ? 0 : idleMs);
    let count = 0;
    for (const [channel, { log, usedAt }] of this.logs) {
      if (log.isIdle && usedAt < before && this.origin.release(channel)) this.logs.delete(channel);
      if (++count > logsMax) break;
    }
    this.options.telemetry.metrics.channelsHeld.set(this.logs.size);
  }
}
