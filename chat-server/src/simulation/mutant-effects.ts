import type { ChannelId } from "@parley/protocol";
import type { LogEvent } from "@parley/store";
import { ChannelLog } from "../channel/channel-log.ts";
import type { ChannelLogEffects } from "../channel/channel-log-effects.ts";
import { ChannelFold } from "../channel/fold.ts";
import type { LoadedLog } from "../channel/known-log.ts";
import type { Asker } from "../channel/log-host.ts";
import type { Answer } from "../channel/request.ts";
import type { IndexModel } from "./index-model.ts";
import type { StoreModel } from "./store-model.ts";
import type { Incarnation, Timeline } from "./timeline.ts";
import type { Mutation } from "./world.ts";

/** What a wrapper of a sequencer's effects may use. */
interface LogContext {
  readonly log: () => ChannelLog<Asker>;
  readonly store: StoreModel;
  readonly index: IndexModel;
  readonly timeline: Timeline;
  readonly owner: Incarnation;
}

type Effects = ChannelLogEffects<Asker>;
type Wrap = (effects: Effects, context: LogContext) => Effects;

/** The log's host with other effects around each log. */
export function withEffects(wrap: Wrap): Mutation {
  return {
    kinds: (kinds, { world, owner }) => ({
      ...kinds,
      LogHost: class extends kinds.LogHost {
        protected override effectsFor(channel: ChannelId): Effects {
          const { index, timeline } = world;
          const log = (): ChannelLog<Asker> => this.logOf(channel);
          return wrap(super.effectsFor(channel), { log, store: world.store(channel), index, timeline, owner });
        }
      },
    }),
  };
}

/** The log's host, whose logs are told something else than was read. */
export function withLoaded(change: (loaded: LoadedLog, now: () => number) => LoadedLog): Mutation {
  return {
    kinds: (kinds, { world }) => ({
      ...kinds,
      LogHost: class extends kinds.LogHost {
        protected override createLog(channel: ChannelId, effects: Effects): ChannelLog<Asker> {
          return new MisledLog(channel, effects, this.limits, (loaded) => change(loaded, () => world.timeline.now));
        }
      },
    }),
  };
}

class MisledLog extends ChannelLog<Asker> {
  private readonly change: (loaded: LoadedLog) => LoadedLog;

  constructor(
    ...[channel, effects, limits, change]: [...ConstructorParameters<typeof ChannelLog<Asker>>, MisledLog["change"]]
  ) {
    super(channel, effects, limits);
    this.change = change;
  }

  override onLoaded(token: number, loaded: LoadedLog): void {
    super.onLoaded(token, this.change(loaded));
  }
}

/** Rule 1: after a failure the slot is given up as burnt, and the run goes into the next ones. */
export const takesNextSlot: Wrap = (effects, { log, owner, store, timeline }) => {
  let failed: LogEvent | undefined;
  return {
    ...effects,
    append: (token, events) =>
      store.append(events, owner, (outcome) => {
        if (outcome !== undefined) return log().onAppended(token, outcome);
        failed = events[0];
        log().onFailed(token);
      }),
    readOn: (token, after) => {
      if (failed === undefined) return effects.readOn(token, after);
      const { control, ordinal, body } = failed;
      const before = body.kind === "message" ? ordinal - 1 : ordinal;
      const burnt = { ...failed, id: `~burnt-${after + 1}`, seq: after + 1, control, ordinal: before, hash: "" };
      failed = undefined;
      timeline.after(1, () => log().onRead(token, [{ ...burnt, body: { kind: "noop" } }], true), owner);
    },
    settled: (events) => effects.settled(events.filter(({ id }) => !id.startsWith("~burnt"))),
  };
};

/** Rule 4: a slot that the primary shows with our own event in it counts as ours, whatever the majority shows. */
export const trustsPrimaryForDuplicates: Wrap = (effects, { log, owner, store }) => ({
  ...effects,
  append: (token, events) =>
    store.append(events, owner, (outcome) => {
      if (outcome === undefined) return log().onFailed(token);
      const isOurs = events.every((event) => store.primary.at(event.seq)?.event === event);
      log().onAppended(token, isOurs ? { kind: "appended" } : outcome);
    }),
});

/** Rule 6: refuses on what is known, without a read; only an append ever learns. */
export const refusesWithoutRead: Wrap = (effects, { log, owner, store, timeline }) => {
  let isRecovering = false;
  return {
    ...effects,
    append: (token, events) => {
      isRecovering = true;
      store.append(events, owner, (outcome) => {
        isRecovering = outcome?.kind !== "appended";
        if (outcome === undefined) log().onFailed(token);
        else log().onAppended(token, outcome);
      });
    },
    readOn: (token, after) => {
      if (isRecovering) effects.readOn(token, after);
      else timeline.after(0, () => log().onRead(token, [], true), owner);
    },
  };
};

interface Run {
  state: "open" | "in" | "lost";
  readonly told: (() => void)[];
}

/**
 * Rules 7 and 8: the log is told that a run is in as soon as it is sent, and judges on it; what it looks up is found in
 * the run too. Answers that `mayLeave` go
 * out at once; all others wait until the run is in, and are lost with it.
 */
export function judgesOnRunInFlight(mayLeave: (answer: Answer) => boolean): Wrap {
  return (effects, { log, owner, store, timeline }) => {
    let newest: Run | undefined;
    let sent: readonly LogEvent[] = [];
    const whenIn = (tell: () => void): void => {
      if (newest?.state === "open") newest.told.push(tell);
      else if (newest?.state !== "lost") tell();
    };
    return {
      ...effects,
      load: (token) => {
        newest = undefined;
        sent = [];
        effects.load(token);
      },
      lookUp: (token, lookup) => {
        const found = sent.filter((event) =>
          lookup.requests.some(({ sender, id }) => sender === event.sender && id === event.id),
        );
        if (found.length === 0 || lookup.targets.length > 0) return effects.lookUp(token, lookup);
        const stored = found.map((event) => ({ event }));
        timeline.after(0, () => log().onLookedUp(token, [], stored), owner);
      },
      append: (token, events) => {
        const before = newest;
        const run: Run = { state: "open", told: [] };
        newest = run;
        sent = events;
        const end = (state: "in" | "lost"): void => {
          run.state = state;
          if (state === "in") for (const tell of run.told) tell();
          else log().forget();
        };
        const send = (): void => {
          if (before?.state === "open") return void timeline.after(2, send, owner);
          if (before?.state === "lost") return end("lost");
          store.append(events, owner, (outcome) => {
            if (outcome === undefined) timeline.after(15, send, owner);
            else end(outcome.kind === "appended" ? "in" : "lost");
          });
        };
        send();
        timeline.after(0, () => log().onAppended(token, { kind: "appended" }), owner);
      },
      answer: (asker, request, answer) => {
        if (mayLeave(answer)) effects.answer(asker, request, answer);
        else whenIn(() => effects.answer(asker, request, answer));
      },
      settled: (events) => whenIn(() => effects.settled(events)),
    };
  };
}

/** Acks and publishes as soon as the run is sent. */
export const acksBeforePersisted: Wrap = (effects, { log, owner, store, timeline }) => ({
  ...effects,
  append: (token, events) => {
    store.append(events, owner, () => undefined);
    timeline.after(0, () => log().onAppended(token, { kind: "appended" }), owner);
  },
});

export const publishesBeforeCommitted: Wrap = (effects) => ({
  ...effects,
  append: (token, events) => {
    effects.settled(events);
    effects.append(token, events);
  },
});

/** Rule 19: the user index is written once the join is in. */
export const marksAfterAppend: Wrap = (effects, { index, log, owner, timeline }) => ({
  ...effects,
  markIn: (token) => void timeline.after(0, () => log().onMarked(token), owner),
  settled: (events) => {
    effects.settled(events);
    for (const { body, seq, channel } of events) {
      if (body.kind === "created") for (const { user } of body.members) index.markIn(user, channel, seq);
      else if (body.kind === "member" && body.change === "joined") index.markIn(body.user, channel, seq);
    }
  },
});

/** Rule 19, in part: a join that was renumbered is not marked again. */
export const marksOnce: Wrap = (effects, { log, owner, timeline }) => {
  const marked = new Set<string>();
  return {
    ...effects,
    markIn: (token, joins) => {
      const names = joins.flatMap(({ users }) => users);
      if (names.every((name) => marked.has(name))) return void timeline.after(0, () => log().onMarked(token), owner);
      for (const name of names) marked.add(name);
      effects.markIn(token, joins);
    },
  };
};

/** Rule 2: the head is the highest seq, and what lies below is taken for present. */
export function headIsHighest(loaded: LoadedLog): LoadedLog {
  const { aboveHole } = loaded;
  return aboveHole === undefined ? loaded : { ...loaded, head: aboveHole, aboveHole: undefined };
}

/** Rule 5: whoever numbers takes everybody for a member. */
export function everybodyIsMember(loaded: LoadedLog): LoadedLog {
  return { ...loaded, fold: OpenFold.of(loaded.fold) };
}

class OpenFold extends ChannelFold {
  static of(fold: ChannelFold): ChannelFold {
    return Object.setPrototypeOf(fold.clone(), OpenFold.prototype);
  }

  override roleOf(user: string) {
    return super.roleOf(user) ?? "member";
  }

  override clone(): ChannelFold {
    return OpenFold.of(super.clone());
  }
}

/** Rule 5: a role is what it was when it was last looked up, up to five seconds ago. */
export function cachesMembership(loaded: LoadedLog, now: () => number): LoadedLog {
  return { ...loaded, fold: CachedFold.from(loaded.fold, new Map(), now) };
}

type Roles = Map<string, { readonly role: ReturnType<ChannelFold["roleOf"]>; readonly at: number }>;

class CachedFold extends ChannelFold {
  private roles: Roles = new Map();
  private now: () => number = () => 0;

  static from(fold: ChannelFold, roles: Roles, now: () => number): ChannelFold {
    const made: CachedFold = Object.setPrototypeOf(fold.clone(), CachedFold.prototype);
    made.roles = roles;
    made.now = now;
    return made;
  }

  override roleOf(user: string) {
    const known = this.roles.get(user);
    if (known !== undefined && this.now() - known.at < 5_000) return known.role;
    const role = super.roleOf(user);
    this.roles.set(user, { role, at: this.now() });
    return role;
  }

  override clone(): ChannelFold {
    return CachedFold.from(ChannelFold.prototype.clone.call(this), this.roles, this.now);
  }
}
