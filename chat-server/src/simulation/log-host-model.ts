import type { ChannelId, Seq } from "@parley/protocol";
import type { LogEvent } from "@parley/store";
import { ChannelLog } from "../channel/channel-log.ts";
import type { ChannelLogEffects } from "../channel/channel-log-effects.ts";
import type { LoadedLog } from "../channel/known-log.ts";
import type { AppendRequest } from "../channel/request.ts";
import { foldOf } from "./fold-of.ts";
import type { LogView } from "./store-model.ts";
import type { Incarnation } from "./timeline.ts";
import type { Asker, World } from "./world.ts";

export const logLimits = { queueMax: 24, runMax: 5, membersMax: 4 };

/** What `LogHost` does, on virtual time: connects each {@link ChannelLog} of one server to the store. */
export class LogHostModel {
  private readonly world: World;
  private readonly owner: Incarnation;
  private readonly onSettled: (channel: ChannelId, events: readonly LogEvent[]) => void;
  private readonly logs = new Map<ChannelId, ChannelLog<Asker>>();

  constructor(world: World, owner: Incarnation, onSettled: (channel: ChannelId, events: readonly LogEvent[]) => void) {
    this.world = world;
    this.owner = owner;
    this.onSettled = onSettled;
  }

  get isIdle(): boolean {
    return [...this.logs.values()].every((log) => log.isIdle);
  }

  offer(request: AppendRequest, asker: Asker): void {
    this.logOf(request.channel).offer(request, asker, this.world.timeline.now);
  }

  hear(channel: ChannelId, seq: Seq): void {
    this.logs.get(channel)?.hear(seq);
  }

  forgetAll(): void {
    for (const log of this.logs.values()) log.forget();
  }

  private logOf(channel: ChannelId): ChannelLog<Asker> {
    const known = this.logs.get(channel);
    if (known !== undefined) return known;
    const { world, owner } = this;
    const { index, mutation, timeline } = world;
    const store = world.store(channel);
    const plain = this.effectsFor(channel);
    const effects =
      mutation.logEffects?.(plain, {
        log: () => this.logOf(channel),
        store,
        index,
        timeline,
        owner,
        publish: (events) => this.onSettled(channel, events),
      }) ?? plain;
    const log = new ChannelLog<Asker>(channel, effects, logLimits);
    this.logs.set(channel, log);
    return log;
  }

  private effectsFor(channel: ChannelId): ChannelLogEffects<Asker> {
    const { index, mutation, random, scenario, timeline } = this.world;
    const { owner } = this;
    const store = this.world.store(channel);
    const log = (): ChannelLog<Asker> => this.logOf(channel);
    const answered =
      <T>(token: number, use: (result: T) => void) =>
      (result: T | undefined): void => {
        if (result === undefined) log().onFailed(token);
        else use(result);
      };
    return {
      load: (token) =>
        store.read(
          owner,
          (view) => loadFrom(view, scenario.tailEvents),
          answered(token, (loaded) => log().onLoaded(token, mutation.loaded?.(loaded) ?? loaded)),
        ),
      lookUp: (token, { targets, requests }) =>
        store.read(
          owner,
          (view) => ({
            targets: targets.flatMap((seq) => view.at(seq) ?? []),
            requests: requests.flatMap(({ sender, id }) => view.find(sender, id) ?? []),
          }),
          answered(token, (found) => log().onLookedUp(token, found.targets, found.requests)),
        ),
      markIn: (token, joins) => {
        const isLost = random.chance(store.faults.failedRead);
        timeline.after(random.between(1, 8), () => {
          if (!isLost || random.chance(0.5)) {
            for (const { users, seq } of joins) for (const user of users) index.markIn(user, channel, seq);
          }
          timeline.after(random.between(1, 5), () => (isLost ? log().onFailed(token) : log().onMarked(token)), owner);
        });
      },
      append: (token, events) =>
        store.append(
          events,
          owner,
          answered(token, (outcome) => log().onAppended(token, outcome)),
        ),
      readOn: (token, after) =>
        store.read(
          owner,
          (view) => view.after(after),
          answered(token, (events) => {
            const page = events.slice(0, 3);
            log().onRead(token, page, page.length === events.length);
          }),
        ),
      wait: (token, attempt) =>
        timeline.after(
          random.between(1, Math.min(10 * 2 ** attempt, 200)),
          () => log().onWaited(token, timeline.now),
          owner,
        ),
      answer: (asker, _request, answer) => asker(answer),
      settled: (events) => {
        this.markOut(channel, events);
        this.onSettled(channel, events);
      },
    };
  }

  /** After the leaving event is in, repeated until done; lost with the process, which costs nothing (rule 19). */
  private markOut(channel: ChannelId, events: readonly LogEvent[]): void {
    const { index, random, timeline } = this.world;
    for (const { body, seq } of events) {
      if (body.kind !== "member" || (body.change !== "left" && body.change !== "removed")) continue;
      timeline.after(random.between(1, 60), () => index.markOut(body.user, channel, seq), this.owner);
    }
  }
}

/** A log as `readForTakeOver` gives it. */
export function loadFrom(view: LogView, tailEvents: number): LoadedLog {
  const events = view.after(0);
  const fold = foldOf(events);
  const last = events.at(-1);
  const tail = events.slice(-tailEvents).flatMap(({ seq }) => view.at(seq) ?? []);
  const aboveHole = view.aboveHole();
  return { head: events.length, time: last?.time ?? 0, ordinal: last?.ordinal ?? 0, fold, tail, aboveHole };
}
