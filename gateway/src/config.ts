import { type ConfigOf, defineConfig, type Environment } from "@parley/config";

/** Everything that can be set about a gateway. Durations in ms, sizes in bytes. */
export const gatewayConfig = defineConfig(
  "gateway",
  {
    node: {
      type: "string",
      default: "gateway-1",
      pattern: /^[A-Za-z0-9_-]{1,64}$/,
      range: "1 to 64 characters A-Z a-z 0-9 _ -",
      help: "Name of this gateway; unique in the fleet.",
    },
    process: {
      type: "string",
      default: undefined,
      help: "Name of the process; a chat server of the same process is called instead of dialled. Default: the node.",
    },
    host: { type: "string", default: "127.0.0.1", help: "Address that clients connect to." },
    port: {
      type: "integer",
      unit: "port",
      default: 8080,
      min: 0,
      max: 65535,
      help: "Port for WebSocket and HTTP; 0 picks a free one.",
    },
    publicUrl: {
      type: "string",
      default: undefined,
      pattern: /^wss?:\/\/[^\s/?#]+\/[^\s?#]*$/,
      range: "a ws:// or wss:// URL",
      help: "URL under which clients reach this gateway, where it is not host and port.",
    },
    origins: {
      type: "list",
      default: [],
      entriesMax: 256,
      help: "Browser origins that may connect, compared whole; empty lets all in (no cookie opens a session).",
    },
    frameBytesMax: {
      type: "integer",
      unit: "bytes",
      default: 64 * 1024,
      min: 1024,
      max: 1024 * 1024,
      help: "Largest frame of a client; a larger one closes the socket with 1009.",
    },
    socketsMax: {
      type: "integer",
      unit: "sockets",
      default: 100_000,
      min: 1,
      max: 1_000_000,
      help: "Open client sockets; above, the handshake is answered 503.",
    },
    strangersMax: {
      type: "integer",
      unit: "sockets",
      default: 5_000,
      min: 1,
      max: 1_000_000,
      help: "Sockets that have not said hello; above, the handshake is answered 503.",
    },
    helloDeadlineMs: {
      type: "integer",
      unit: "ms",
      default: 5_000,
      min: 50,
      max: 60_000,
      help: "Time for hello, absolute; later the socket is closed with 4408.",
    },
    hellosPerSecond: {
      type: "integer",
      unit: "1/s",
      default: 1_000,
      min: 1,
      max: 100_000,
      help: "Hellos whose token is verified in a second; more wait their turn.",
    },
    hellosBurst: {
      type: "integer",
      unit: "hellos",
      default: 1_000,
      min: 1,
      max: 100_000,
      help: "Hellos that are verified at once after a quiet time.",
    },
    hellosQueuedMax: {
      type: "integer",
      unit: "hellos",
      default: 10_000,
      min: 1,
      max: 1_000_000,
      help: "Hellos that may wait; above, the client is told to come back later.",
    },
    pingMs: {
      type: "integer",
      unit: "ms",
      default: 25_000,
      min: 50,
      max: 600_000,
      help: "WebSocket ping; two unanswered ones end the socket.",
    },
    sweepMs: {
      type: "integer",
      unit: "ms",
      default: 500,
      min: 10,
      max: 5_000,
      help: "How often deadlines of all sockets are looked at: one timer for all.",
    },
    closeTimeoutMs: {
      type: "integer",
      unit: "ms",
      default: 5_000,
      min: 50,
      max: 60_000,
      help: "A socket that does not answer our close frame is cut after so long.",
    },
    tokenGraceMs: {
      type: "integer",
      unit: "ms",
      default: 30_000,
      min: 0,
      max: 3_600_000,
      help: "A session outlives its token by so long; then it is closed with 4401.",
    },
    inBytesPerSecond: {
      type: "integer",
      unit: "bytes/s",
      default: 256 * 1024,
      min: 1024,
      max: 1024 * 1024 * 1024,
      help: "Bytes that one socket may send in a second; above, it is not read for a while.",
    },
    inBurstBytes: {
      type: "integer",
      unit: "bytes",
      default: 512 * 1024,
      min: 1024,
      max: 1024 * 1024 * 1024,
      help: "Bytes that one socket may send at once after a quiet time.",
    },
    openRequestsMax: {
      type: "integer",
      unit: "requests",
      default: 64,
      min: 1,
      max: 10_000,
      help: "Unanswered requests of one socket; at the bound it is not read until answers come.",
    },
    openBytesMax: {
      type: "integer",
      unit: "bytes",
      default: 256 * 1024,
      min: 1024,
      max: 64 * 1024 * 1024,
      help: "Bytes of unanswered requests of one socket; at the bound it is not read until answers come.",
    },
    pausedMsMax: {
      type: "integer",
      unit: "ms",
      default: 60_000,
      min: 100,
      max: 3_600_000,
      help: "A socket whose requests are not answered for so long is closed with 4503.",
    },
    softBytesMax: {
      type: "integer",
      unit: "bytes",
      default: 256 * 1024,
      min: 1024,
      max: 1024 * 1024 * 1024,
      help: "Unsent bytes of one socket; above, events become gaps until it has drained.",
    },
    hardBytesMax: {
      type: "integer",
      unit: "bytes",
      default: 1024 * 1024,
      min: 2048,
      max: 1024 * 1024 * 1024,
      help: "Unsent bytes of one socket; above, it is cut.",
    },
    lagMsMax: {
      type: "integer",
      unit: "ms",
      default: 30_000,
      min: 100,
      max: 600_000,
      help: "A socket that lags for so long is cut.",
    },
    loadBound: {
      type: "number",
      unit: "× mean",
      default: 1.25,
      min: 1,
      max: 10,
      help: "No chat server takes more than this times the mean of sessions.",
    },
    noServerWaitMs: {
      type: "integer",
      unit: "ms",
      default: 2_000,
      min: 0,
      max: 60_000,
      help: "A new session waits so long for a chat server; then 4503.",
    },
    replaceDeadlineMs: {
      type: "integer",
      unit: "ms",
      default: 10_000,
      min: 100,
      max: 600_000,
      help: "A session that lost its chat server is closed with 4503 when none took it after so long.",
    },
    attachTimeoutMs: {
      type: "integer",
      unit: "ms",
      default: 4_000,
      min: 50,
      max: 60_000,
      help: "A chat server that does not confirm a session after so long is passed over.",
    },
    attachesMax: {
      type: "integer",
      unit: "sessions",
      default: 128,
      min: 1,
      max: 100_000,
      help: "Sessions that are placed at the same time; more wait in order.",
    },
    heartbeatMs: {
      type: "integer",
      unit: "ms",
      default: 1_000,
      min: 20,
      max: 60_000,
      help: "How often the load goes to the registry.",
    },
    drainSpreadMs: {
      type: "integer",
      unit: "ms",
      default: 5_000,
      min: 0,
      max: 600_000,
      help: "At drain, clients are told to come back spread over this time.",
    },
    drainGraceMs: {
      type: "integer",
      unit: "ms",
      default: 2_000,
      min: 0,
      max: 600_000,
      help: "At drain, unanswered requests are waited for so long.",
    },
  },
  [
    (config) =>
      config.hardBytesMax > config.softBytesMax
        ? undefined
        : "hardBytesMax must be above softBytesMax: raise it, or a lagging socket is cut before it gets a gap",
    (config) =>
      config.openBytesMax >= config.frameBytesMax
        ? undefined
        : "openBytesMax must be at least frameBytesMax: raise it, or the largest frame can't be forwarded",
    (config) =>
      config.attachTimeoutMs < config.replaceDeadlineMs
        ? undefined
        : "attachTimeoutMs must be below replaceDeadlineMs: lower it, or only one chat server is ever tried",
  ],
);

export type GatewayConfig = ConfigOf<typeof gatewayConfig.fields>;

/** Defaults, then `PARLEY_GATEWAY_…` of the environment, with `given` on top. **Errors**: ConfigError. */
export function readGatewayConfig(env: Environment, given: Partial<GatewayConfig> = {}): GatewayConfig {
  return gatewayConfig.fromEnvironment(env, given);
}
