import { type CoefficientName, type Coefficients, coefficientUnits } from "./coefficients.ts";

/** Round numbers, so that an example can be reckoned by hand. Nothing of them was measured. */
const roundValues: Readonly<Record<CoefficientName, number>> = {
  gatewayMessageMs: 0.05,
  gatewayFrameMs: 0.02,
  gatewayDeliveryMs: 0.01,
  gatewayThousandMs: 20,
  gatewayConnectMs: 0.5,
  gatewayIdleMs: 0.0001,
  gatewayConnectionKib: 1,
  gatewayBaseMib: 100,
  chatMessageMs: 0.04,
  chatHopMs: 0.02,
  chatFrameMs: 0.02,
  chatDeliveryMs: 0.005,
  chatThousandMs: 30,
  chatConnectMs: 0.1,
  chatConnectionKib: 0.5,
  chatBaseMib: 100,
  redisPublishMs: 0.05,
  redisPairPublishes: 1_000,
  redisHopBytes: 300,
  redisConnectMs: 0.2,
  redisConnectionBytes: 1_048.576,
  redisBeatMs: 0.1,
  redisBeatNodeMs: 0.05,
  redisBeatNodeBytes: 1_000,
  ringNodeMs: 0.5,
  deliveryBytes: 150,
  ackBytes: 50,
  lmdbAppendMs: 0.05,
  lmdbAppendCpuMs: 0.1,
  lmdbMessageBytes: 200,
  lmdbTextBytes: 2,
  mongoAppendMs: 0.5,
  mongoAppendCpuMs: 1.5,
  mongoMessageBytes: 500,
  mongoTextBytes: 5,
};

export function createCoefficients(changed: Partial<Record<CoefficientName, number>> = {}): Coefficients {
  const entries = Object.entries({ ...roundValues, ...changed }).map(([name, value]) => {
    const unit = coefficientUnits[name as CoefficientName];
    return [name, { value, unit, date: "2026-11-24", machine: "none", command: "none", seen: "a round number" }];
  });
  return Object.fromEntries(entries) as Coefficients;
}
