import { type CoefficientName, coefficientUnits } from "@parley/simulator/coefficients";
import type { Coefficients } from "./coefficients.ts";

/** Round numbers, so that an example can be reckoned by hand. Nothing of them was measured. */
const roundValues: Readonly<Record<CoefficientName, number>> = {
  gatewayMessageMs: 0.05,
  gatewayFrameMs: 0.02,
  gatewayDeliveryMs: 0.01,
  gatewayConnectMs: 0.5,
  gatewayChannelMs: 0.01,
  gatewayIdleMs: 0.0001,
  gatewayPageMs: 0.5,
  gatewayConnectionKib: 1,
  gatewayBaseMib: 100,
  chatMessageMs: 0.04,
  chatMongoMs: 0.01,
  chatHopMs: 0.02,
  chatFrameMs: 0.02,
  chatDeliveryMs: 0.005,
  chatConnectMs: 0.1,
  chatChannelMs: 0.01,
  chatColdChannelMs: 0.02,
  chatIdleMs: 0.00005,
  chatSweepMs: 0.001,
  chatPageMs: 0.5,
  chatConnectionKib: 0.5,
  chatChannelKib: 0.05,
  chatBaseMib: 100,
  ringNodeMs: 0.5,
  linkMessageBytes: 400,
  linkFrameBytes: 200,
  linkDeliveryBytes: 10,
  sendBytes: 100,
  ackBytes: 50,
  deliveryBytes: 150,
  pageBytes: 10_000,
  redisPublishMs: 0.05,
  redisPairPublishes: 1_000,
  redisHopBytes: 300,
  redisConnectMs: 0.2,
  redisChannelMs: 0.01,
  redisConnectionBytes: 1_048.576,
  redisBeatMs: 0.1,
  redisBeatNodeMs: 0.05,
  redisBeatNodeBytes: 1_000,
  mongoAppendMs: 0.5,
  mongoMessageMs: 1.5,
  mongoPageMs: 5,
  mongoConnectMs: 1,
  mongoChannelMs: 0.1,
  mongoColdChannelMs: 0.3,
  mongoIdleMs: 0.0001,
  mongoSweepMs: 0.002,
  mongoTrafficBytes: 900,
  mongoMessageBytes: 500,
  mongoTextBytes: 5,
  lmdbAppendMs: 0.05,
  lmdbMessageMs: 0.1,
  lmdbMessageBytes: 200,
  lmdbTextBytes: 2,
};

/** Where a coefficient that was made up for a test says that it is from. */
const provenance = {
  how: "a round number",
  seen: "nothing",
  command: "npm run bench -- coefficients",
  date: "2026-11-24",
  machine: "none",
  node: "v24.0.0",
  commit: "0000000",
};

export function createCoefficients(changed: Partial<Record<CoefficientName, number>> = {}): Coefficients {
  const entries = Object.entries({ ...roundValues, ...changed }).map(([name, value]) => {
    const unit = coefficientUnits[name as CoefficientName];
    return [name, { value, unit, spread: { low: value, high: value, samples: 1 }, ...provenance }];
  });
  return Object.fromEntries(entries) as Coefficients;
}
