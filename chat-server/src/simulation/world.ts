import type { ChannelId } from "@parley/protocol";
import type { LogEvent } from "@parley/store";
import type { ChannelLog } from "../channel/channel-log.ts";
import type { ChannelLogEffects } from "../channel/channel-log-effects.ts";
import type { LoadedLog } from "../channel/known-log.ts";
import type { Answer } from "../channel/request.ts";
import type { PeerMessage } from "../peer/messages.ts";
import type { RelayChannel, RelayEffects } from "../relay/relay-channel.ts";
import { type RelayedEvent, toRelayed } from "../relay/relayed-event.ts";
import type { GatewayModel } from "./gateway-model.ts";
import type { History } from "./history.ts";
import type { IndexModel } from "./index-model.ts";
import type { Journal } from "./journal.ts";
import type { Random } from "./random.ts";
import type { Scenario } from "./scenario.ts";
import type { ServerModel } from "./server-model.ts";
import type { SessionModel } from "./session-model.ts";
import type { StoreBreaks, StoreModel } from "./store-model.ts";
import type { Incarnation, Timeline } from "./timeline.ts";

export type Asker = (answer: Answer) => void;

/** What a wrapper of a sequencer's effects may use. */
export interface LogContext {
  readonly log: () => ChannelLog<Asker>;
  readonly store: StoreModel;
  readonly index: IndexModel;
  readonly timeline: Timeline;
  readonly owner: Incarnation;
  /** To the relays, as if the store had it. */
  readonly publish: (events: readonly LogEvent[]) => void;
}

type RelayStart = ConstructorParameters<typeof RelayChannel<SessionModel>>[1];

/**
 * One rule broken on purpose, from outside: effects wrapped, collaborators replaced, or the same slip in a model around
 * the production code. And the layers that would repair it, switched off.
 */
export interface Mutation {
  readonly store?: StoreBreaks;
  readonly logEffects?: (effects: ChannelLogEffects<Asker>, context: LogContext) => ChannelLogEffects<Asker>;
  readonly loaded?: (loaded: LoadedLog) => LoadedLog;
  readonly relay?: (
    channel: ChannelId,
    start: RelayStart,
    effects: RelayEffects<SessionModel>,
  ) => RelayChannel<SessionModel>;
  readonly relayed?: (events: readonly RelayedEvent[]) => readonly RelayedEvent[];
  readonly hasNoHeadChecks?: boolean;
  readonly hasNoGatewayChecks?: boolean;
  readonly readsBeforeConfirmed?: boolean;
  readonly acksByIdAlone?: boolean;
  readonly forgetsOpenCopies?: boolean;
  readonly takesOldAttachments?: boolean;
  readonly handsServerCursorOver?: boolean;
  readonly judgesAtSession?: boolean;
  readonly relinksUnsettled?: boolean;
  readonly takesUnavailableForRefused?: boolean;
  readonly takesNewIdOnRetry?: boolean;
  /** Begins a channel found by the sweep at the index's mark instead of at the membership's first event. */
  readonly trustsIndexMark?: boolean;
  readonly hasNoSweep?: boolean;
  /** What the bus says it has lost counts as no copy any more. */
  readonly trustsLosses?: boolean;
  /** A forwarded request that the bus has doubled is done twice. */
  readonly doesDoublesTwice?: boolean;
  /** The bus is faultless, where the layer that repairs its faults is off. */
  readonly hasFaultlessBus?: boolean;
}

/** Everything that the models of one run share. */
export interface World {
  readonly scenario: Scenario;
  readonly mutation: Mutation;
  readonly timeline: Timeline;
  readonly random: Random;
  readonly index: IndexModel;
  readonly gateway: GatewayModel;
  readonly history: History;
  /** Where what passes over the sockets is to be told. */
  readonly journal: Journal | undefined;
  readonly channels: readonly ChannelId[];
  store(channel: ChannelId): StoreModel;
  /** Undefined while it is down. */
  server(node: number): ServerModel | undefined;
  homeOf(channel: ChannelId, viewer: number): number;
  /** `onLost`: the bus says that it failed, which it also says of what it delivers late. */
  sendPeer(from: number, to: number, message: PeerMessage, onLost?: () => void): void;
}

const relayedForms = new WeakMap<LogEvent, RelayedEvent>();

/** Encoded once an event: a run reads the same events many times. */
export function relayedForm(event: LogEvent): RelayedEvent {
  const known = relayedForms.get(event);
  if (known !== undefined) return known;
  const made = toRelayed(event);
  relayedForms.set(event, made);
  return made;
}
