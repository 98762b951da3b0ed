import type { TokenVerifier } from "@parley/auth";
import type { MessageStore } from "@parley/store";
import type { Telemetry } from "@parley/telemetry";
import type { AppendHost } from "../channel/append-host.ts";
import type { Homes } from "../channel/homes.ts";
import type { Publisher } from "../channel/publisher.ts";
import type { Clock } from "../clock.ts";
import type { ChatServerConfig } from "../config.ts";
import type { Peers } from "../peer/peers.ts";
import type { RelayHost } from "../relay/relay-host.ts";
import type { PresenceHost } from "./presence-host.ts";
import type { ReadMarksHost } from "./read-marks-host.ts";
import type { Users } from "./users.ts";

/** What the handlers of requests work with. */
export interface Services {
  readonly config: ChatServerConfig;
  readonly clock: Clock;
  /** Keys content hashes and channel ids; the same in the whole fleet. */
  readonly secret: string;
  readonly store: MessageStore;
  readonly tokens: TokenVerifier;
  readonly telemetry: Telemetry;
  readonly homes: Homes;
  readonly peers: Peers;
  readonly appends: AppendHost;
  readonly publisher: Publisher;
  readonly relays: RelayHost;
  readonly users: Users;
  readonly readMarks: ReadMarksHost;
  readonly presence: PresenceHost;
}
