import type { ChannelId, Seq, UserId } from "@parley/protocol";
import type { MessageStore } from "@parley/store";
import { decide } from "../channel/decide.ts";
import { ForwardedCalls } from "../channel/forwarded-calls.ts";
import type { Asker } from "../channel/log-host.ts";
import type { Call } from "../channel/open-calls.ts";
import { OriginHost } from "../channel/origin-host.ts";
import type { Answer, AppendRequest } from "../channel/request.ts";
import type { PartKinds } from "../parts.ts";
import type { Loss } from "../peer/peers.ts";
import type { RelaySession } from "../relay/audience.ts";
import { RelayChannel } from "../relay/relay-channel.ts";
import type { RelayParts } from "../relay/relay-host.ts";
import type { RelayedEvent } from "../relay/relayed-event.ts";
import type { Session } from "../session/session.ts";
import { logLimits } from "./scenario.ts";
import type { Mutation, ServerContext } from "./world.ts";

/** Parts of production with one thing about them changed. */
type Kinds = (kinds: PartKinds, context: ServerContext) => PartKinds;

/** Several changes at once. */
export function together(...changes: readonly Mutation[]): Mutation {
  return {
    ...Object.assign({}, ...changes),
    kinds: (kinds, context) => changes.reduce((made, change) => change.kinds?.(made, context) ?? made, kinds),
    ports: (ports, context) => changes.reduce((made, change) => change.ports?.(made, context) ?? made, ports),
  };
}

const judgesAtSession: Kinds = (kinds, { world, node }) => ({
  ...kinds,
  AppendHost: class extends kinds.AppendHost {
    override append(request: AppendRequest, isRepeat: boolean, asker: Asker): void {
      const fold = world.servers[node]?.parts.relays.find(request.channel)?.relay?.fold;
      const isJudged = fold !== undefined && request.wish.kind === "message";
      const decision = isJudged ? decide(request, fold, undefined, logLimits) : undefined;
      if (decision?.kind === "refuse") asker(decision.answer);
      else super.append(request, isRepeat, asker);
    }
  },
});

/** Rule 9: an answer is final, whatever other copies are under way. */
const forgetsOpenCopies: Kinds = (kinds) => ({
  ...kinds,
  AppendHost: class extends kinds.AppendHost {
    override append(request: AppendRequest, isRepeat: boolean, asker: Asker): void {
      super.append(request, isRepeat, (answer) => asker(withoutUnknown(answer)));
    }
  },
});

function withoutUnknown(answer: Answer): Answer {
  if (answer.ok) return answer;
  const { isUnknown: _, ...rest } = answer;
  return rest;
}

class EveryCallIsNew extends ForwardedCalls {
  override begin(): "new" {
    return "new";
  }
}

const doesDoublesTwice: Kinds = (kinds) => ({
  ...kinds,
  AppendHost: class extends kinds.AppendHost {
    protected override readonly forwarded = new EveryCallIsNew();
  },
});

const trustsLosses: Kinds = (kinds) => ({
  ...kinds,
  AppendHost: class extends kinds.AppendHost {
    protected override onLost(call: Call, loss: Loss): void {
      call.copies--;
      super.onLost(call, loss);
    }
  },
});

const acksByIdAlone: Kinds = (kinds) => ({
  ...kinds,
  AppendHost: class extends kinds.AppendHost {
    protected override isOf(): boolean {
      return true;
    }
  },
});

const neverForwardsAgain: Kinds = (kinds) => ({
  ...kinds,
  AppendHost: class extends kinds.AppendHost {
    constructor(options: ConstructorParameters<PartKinds["AppendHost"]>[0]) {
      super({ ...options, times: { forwardAgainMs: 1e9, appendSelfMs: 1e9, appendSelfBesideMs: 1e9, giveUpMs: 1e9 } });
    }
  },
});

function withRelay(Relay: typeof RelayChannel<RelaySession>): Kinds {
  return (kinds) => ({
    ...kinds,
    RelayHost: class extends kinds.RelayHost {
      protected override createRelay(...parts: RelayParts): RelayChannel<RelaySession> {
        return new Relay(...parts);
      }
    },
  });
}

/** Delivers what it has delivered already. */
class ForgetfulRelay extends RelayChannel<RelaySession> {
  private readonly again: (from: Seq, payloads: readonly Uint8Array[]) => void;

  constructor(...[channel, start, effects]: RelayParts) {
    super(channel, start, effects);
    this.again = effects.deliver;
  }

  override learn(events: readonly RelayedEvent[]): void {
    for (const { seq, payload } of events) if (seq <= this.cursor) this.again(seq, [payload]);
    super.learn(events);
  }
}

/** Goes on behind a hole. */
class HastyRelay extends RelayChannel<RelaySession> {
  override learn(events: readonly RelayedEvent[]): void {
    for (const event of events) {
      if (event.seq > this.cursor) this.cursor = event.seq - 1;
      super.learn([event]);
    }
  }
}

/** Does not notice that anybody goes. */
class DeafRelay extends RelayChannel<RelaySession> {
  override learn(events: readonly RelayedEvent[]): void {
    super.learn(events.map((event) => (isParting(event) ? { ...event, body: undefined } : event)));
  }
}

function isParting({ body }: RelayedEvent): boolean {
  return body?.kind === "member" && (body.change === "removed" || body.change === "left");
}

/** The interest is told once the log has been read, and not waited for. */
const readsBeforeConfirmed: Kinds = (kinds, { world, owner }) => ({
  ...kinds,
  InterestHost: class extends kinds.InterestHost {
    override declare(channel: ChannelId): Promise<void> {
      world.timeline.after(60, () => void super.declare(channel), owner);
      return Promise.resolve();
    }
  },
});

/** Heads are never compared, neither by asking the store nor by what homes say. */
const noHeadChecks: Kinds = (kinds) => ({
  ...kinds,
  HeadWatchHost: class extends kinds.HeadWatchHost {
    constructor(options: ConstructorParameters<PartKinds["HeadWatchHost"]>[0]) {
      super(options);
      this.close();
    }

    override checkAll(): void {}
  },
});

const noEchoes: Kinds = (kinds) => ({
  ...kinds,
  HeadEchoHost: class extends kinds.HeadEchoHost {
    override note(): void {}

    override noteJoin(): void {}
  },
});

const tellsJoinsOnce: Kinds = (kinds) => ({
  ...kinds,
  HeadEchoHost: class extends kinds.HeadEchoHost {
    override noteJoin(): void {}
  },
});

/** Heads are compared only when something says so: a bus that comes back, a home that moves. */
const onlyOccasionalHeadChecks: Kinds = (kinds) => ({
  ...kinds,
  HeadWatchHost: class extends kinds.HeadWatchHost {
    constructor(options: ConstructorParameters<PartKinds["HeadWatchHost"]>[0]) {
      super({ ...options, isBusUp: () => true, times: { tickMs: 1_000, quietMs: 1e9, sweepMs: 1e9 } });
    }
  },
});

/** An interest that is confirmed late is taken as if it had been there all along. */
const noDoubts: Kinds = (kinds) => ({
  ...kinds,
  RelayHost: class extends kinds.RelayHost {
    override doubt(): void {}
  },
});

const noSweep: Kinds = (kinds) => ({
  ...kinds,
  IndexSweepHost: class extends kinds.IndexSweepHost {
    constructor(...options: ConstructorParameters<PartKinds["IndexSweepHost"]>) {
      super(...options);
      this.close();
    }
  },
});

/** A channel that the sweep finds begins at the index's mark instead of at the membership's first event. */
const trustsIndexMark: Kinds = (kinds, { world }) => ({
  ...kinds,
  SessionsHost: class extends kinds.SessionsHost {
    override async sweep(session: Session): Promise<void> {
      if (session.stage !== "attached") return;
      for (const [channel, { in: entered, out }] of world.index.marksOf(session.user)) {
        if (entered <= out || session.channels.has(channel) || session.hasLeft(channel, entered)) continue;
        session.track(channel, entered - 1);
      }
    }
  },
});

const noRedo: Kinds = (kinds) => ({
  ...kinds,
  LogHost: class extends kinds.LogHost {
    protected override createOrigin(options: ConstructorParameters<PartKinds["LogHost"]>[0]): OriginHost {
      return new HastyOrigin(options.clock, options.store, options.telemetry);
    }
  },
});

/** Takes what the one before has left undone for done. */
class HastyOrigin extends OriginHost {
  override takeOver(channel: ChannelId, _applied: Seq, head: Seq): void {
    super.takeOver(channel, head, head);
  }
}

/** A head is what was read of it a moment ago. */
const sharesHeadReads: Mutation = {
  ports: (ports, { world }) => {
    const read = new Map<ChannelId, { readonly head: Seq; readonly at: number }>();
    const head = async (channel: ChannelId): Promise<Seq> => {
      const known = read.get(channel);
      if (known !== undefined && world.timeline.now - known.at < 4_000) return known.head;
      const fresh = await ports.store.head(channel);
      read.set(channel, { head: fresh, at: world.timeline.now });
      return fresh;
    };
    return { ...ports, store: withCalls(ports.store, { head, findGrown: async () => [] }) };
  },
  kinds: readsOwnStore,
};

/** The layer that brings a relay to its head before a session is attached is off, and the head checks with it. */
const findsNothingGrown: Mutation = {
  ports: (ports) => ({ ...ports, store: withCalls(ports.store, { findGrown: async () => [] }) }),
};

/** What a session reads comes from a copy that is behind; logs and relays read the primary. */
const readsSecondary: Mutation = {
  ports: (ports, { world }) => {
    const lagMs = 500;
    const shown = (channel: ChannelId): Seq => world.store(channel).headAt(world.timeline.now - lagMs);
    const { store } = ports;
    const cut = (channel: ChannelId, page: Awaited<ReturnType<MessageStore["readAfter"]>>) => {
      const events = page.events.filter(({ event }) => event.seq <= shown(channel));
      return { events, isEnd: page.isEnd || events.length < page.events.length };
    };
    return {
      ...ports,
      store: withCalls(store, {
        head: async (channel) => Math.min(await store.head(channel), shown(channel)),
        readAfter: async (channel, after, limit) => cut(channel, await store.readAfter(channel, after, limit)),
        readBefore: async (channel, before, limit) =>
          store.readBefore(channel, Math.min(before, shown(channel) + 1), limit),
      }),
    };
  },
  kinds: readsOwnStore,
};

/** Logs and relays are left as they are: only what sessions read is another. */
function readsOwnStore(kinds: PartKinds, context: ServerContext): PartKinds {
  const store = context.world.storePort(context.owner);
  return {
    ...kinds,
    LogHost: class extends kinds.LogHost {
      constructor(options: ConstructorParameters<PartKinds["LogHost"]>[0]) {
        super({ ...options, store });
      }
    },
    RelayHost: class extends kinds.RelayHost {
      constructor(options: ConstructorParameters<PartKinds["RelayHost"]>[0]) {
        super({ ...options, store });
      }
    },
  };
}

function withCalls(store: MessageStore, calls: Partial<MessageStore>): MessageStore {
  return Object.assign(Object.create(store), calls);
}

/** Whoever reads takes it that all effects are at their origins. */
const trustsOrigins: Mutation = {
  ports: (ports) => {
    const { store } = ports;
    const readSummaries: MessageStore["readSummaries"] = async (channels) => {
      const found = await store.readSummaries(channels);
      const none = { verified: 0, activeAt: 0, applied: 0 };
      const applied = Number.MAX_SAFE_INTEGER;
      return new Map(channels.map((channel) => [channel, { ...(found.get(channel) ?? none), applied }]));
    };
    return { ...ports, store: withCalls(store, { readSummaries }) };
  },
  kinds: readsOwnStore,
};

/** Presence is taken away by user. */
const removesWholeUser: Mutation = {
  ports: (ports, { world }) => {
    const { presence } = ports.cluster;
    const remove = async (user: UserId): Promise<void> => world.registry.presence.removeAll(user);
    return { ...ports, cluster: { ...ports.cluster, presence: { ...presence, remove } } };
  },
};

/** Each server makes up channel ids of its own. */
const makesOwnIds: Mutation = {
  ports: (ports, { node }) => ({ ...ports, secret: `${ports.secret}-${node}` }),
};

const by = (kinds: Kinds): Mutation => ({ kinds });

export const slips = {
  judgesAtSession: by(judgesAtSession),
  forgetsOpenCopies: by(forgetsOpenCopies),
  doesDoublesTwice: by(doesDoublesTwice),
  trustsLosses: by(trustsLosses),
  acksByIdAlone: by(acksByIdAlone),
  neverForwardsAgain: by(neverForwardsAgain),
  deliversAgain: by(withRelay(ForgetfulRelay)),
  jumpsHoles: by(withRelay(HastyRelay)),
  goesOnAfterRemoval: by(withRelay(DeafRelay)),
  readsBeforeConfirmed: by(readsBeforeConfirmed),
  noHeadChecks: by(noHeadChecks),
  noEchoes: by(noEchoes),
  onlyOccasionalHeadChecks: by(onlyOccasionalHeadChecks),
  noDoubts: by(noDoubts),
  tellsJoinsOnce: by(tellsJoinsOnce),
  noSweep: by(noSweep),
  trustsIndexMark: by(trustsIndexMark),
  noRedo: by(noRedo),
  findsNothingGrown,
  sharesHeadReads,
  readsSecondary,
  trustsOrigins,
  removesWholeUser,
  makesOwnIds,
} as const;
