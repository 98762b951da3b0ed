import type { ChannelId } from "@parley/protocol";
import type { LogEvent, MessageStore } from "@parley/store";
import type { PartKinds, PartsPorts } from "../parts.ts";
import { type RelayedEvent, toRelayed } from "../relay/relayed-event.ts";
import type { BesideModel } from "./beside-model.ts";
import type { BusModel } from "./bus-model.ts";
import type { GatewayModel } from "./gateway-model.ts";
import type { History } from "./history.ts";
import type { IndexModel } from "./index-model.ts";
import type { Journal } from "./journal.ts";
import type { Random } from "./random.ts";
import type { RegistryModel } from "./registry-model.ts";
import type { Scenario } from "./scenario.ts";
import type { ServerModel } from "./server-model.ts";
import type { StoreBreaks, StoreFaults, StoreModel } from "./store-model.ts";
import type { Incarnation, Timeline } from "./timeline.ts";

/** One incarnation of a server, to which a mutant is done. */
export interface ServerContext {
  readonly world: World;
  readonly owner: Incarnation;
  readonly node: number;
}

/**
 * One rule broken on purpose, from outside: parts and ports of the production code replaced, or a slip in a model
 * around it. And the layers that would repair it, switched off.
 */
export interface Mutation {
  readonly store?: StoreBreaks;
  readonly ports?: (ports: PartsPorts, context: ServerContext) => PartsPorts;
  readonly kinds?: (kinds: PartKinds, context: ServerContext) => PartKinds;
  readonly hasNoGatewayChecks?: boolean;
  readonly takesOldAttachments?: boolean;
  readonly handsServerCursorOver?: boolean;
  readonly forgetsOpenRequests?: boolean;
  readonly forgetsRepeats?: boolean;
  readonly relinksUnsettled?: boolean;
  readonly takesUnavailableForRefused?: boolean;
  readonly takesNewIdOnRetry?: boolean;
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
  readonly beside: BesideModel;
  readonly bus: BusModel;
  readonly registry: RegistryModel;
  readonly gateways: readonly GatewayModel[];
  /** Undefined while it is down. */
  readonly servers: readonly (ServerModel | undefined)[];
  readonly history: History;
  /** Where what passes over the sockets is to be told. */
  readonly journal: Journal | undefined;
  readonly storeFaults: StoreFaults;
  /** Made with its first use. */
  store(channel: ChannelId): StoreModel;
  /** The store as this process sees it. */
  storePort(owner: Incarnation): MessageStore;
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
