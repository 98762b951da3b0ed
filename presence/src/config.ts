import { type ConfigOf, defineConfig } from "@parley/config";

/** Everything that can be set about a presence process. Durations in ms. */
export const presenceConfig = defineConfig("presence", {
  node: {
    type: "string",
    default: "presence-1",
    pattern: /^[A-Za-z0-9_-]{1,64}$/,
    range: "1 to 64 characters A-Z a-z 0-9 _ -",
    help: "Name of this process; unique in the fleet.",
  },
  process: { type: "string", default: undefined, help: "Name of the operating system's process. Default: the node." },
  host: { type: "string", default: "127.0.0.1", help: "Address that the HTTP API listens on." },
  port: {
    type: "integer",
    unit: "port",
    default: 8081,
    min: 0,
    max: 65535,
    help: "Port of the HTTP API; 0 picks a free one.",
  },
  apiKeys: {
    type: "list",
    default: [],
    isSecret: true,
    pattern: /^[A-Za-z0-9._~+/=-]{32,256}$/,
    range: "32 to 256 characters A-Z a-z 0-9 . _ ~ + / = -",
    help: "API keys that may ask everything, beside admin tokens; several, so that they can be rotated.",
  },
  requestsPerMinute: {
    type: "integer",
    unit: "1/min",
    default: 600,
    min: 1,
    max: 1_000_000,
    help: "Requests of one key or admin in a minute; above, 429 with Retry-After.",
  },
  refusalsPerMinute: {
    type: "integer",
    unit: "1/min",
    default: 60,
    min: 1,
    max: 1_000_000,
    help: "Requests without a valid key from one address in a minute; above, 429 instead of 401.",
  },
  knownUsersMax: {
    type: "integer",
    unit: "users",
    default: 50_000,
    min: 1,
    max: 10_000_000,
    help: "Users whose last known presence is kept for when Redis is away; the longest unasked go first.",
  },
  membershipsMax: {
    type: "integer",
    unit: "channels",
    default: 500,
    min: 1,
    max: 100_000,
    help: "Channels whose members are kept in memory; the longest unasked go first.",
  },
  reapIntervalMs: {
    type: "integer",
    unit: "ms",
    default: 2_000,
    min: 100,
    max: 3_600_000,
    help: "How often what dead nodes left behind is cleared away.",
  },
});

export type PresenceConfig = ConfigOf<typeof presenceConfig.fields>;
