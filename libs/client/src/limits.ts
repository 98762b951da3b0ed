import type { ClientLimits } from "./types.ts";

export const defaultLimits: ClientLimits = {
  outboxMax: 5_000,
  outboxChannelMax: 1_000,
  inFlightMax: 32,
  callsMax: 1_000,
  bufferMax: 1_000,
  helloCursorsMax: 500,
  watchedMax: 1_000,
  callTimeoutMs: 30_000,
  connectTimeoutMs: 10_000,
  reconnectMaxMs: 30_000,
  answerTimeoutMs: 10_000,
  probeAfterMs: 10_000,
  idleProbeAfterMs: 120_000,
  probeTimeoutMs: 5_000,
};
