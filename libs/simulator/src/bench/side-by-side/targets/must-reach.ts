import type { Mode } from "../plan.ts";
import { faultTarget } from "./fault-target.ts";
import { idleTarget } from "./idle-target.ts";
import { type Bound, type RatioFigure, ratioTarget } from "./ratio-target.ts";
import type { Baseline, Target } from "./target.ts";

const serverCpu: RatioFigure = {
  name: "server CPU per 1,000 deliveries",
  unit: "ms",
  of: ({ serverCpuMs }) => serverCpuMs,
};
const redisCpu: RatioFigure = {
  name: "Redis CPU per 1,000 deliveries",
  unit: "ms",
  of: ({ redisCpuMs }) => redisCpuMs,
};
const deliveries: RatioFigure = { name: "deliveries", unit: "/s", of: ({ deliveriesPerS }) => deliveriesPerS };
const endToEndP50: RatioFigure = { name: "end-to-end p50", unit: "ms", of: ({ endToEndMs }) => endToEndMs.p50 };
const endToEndP99: RatioFigure = { name: "end-to-end p99", unit: "ms", of: ({ endToEndMs }) => endToEndMs.p99 };

/** Rooms that are spoken of; rooms of 1,000 are shown and have no bound. */
const roomSizes = [100, 10, 2] as const;
const modes: readonly Mode[] = ["saturated", "half", "same"];
const baselines: readonly Baseline[] = ["socket.io", "glue"];

/** [room size, mode, bound against Socket.IO, bound against the glue] */
const cpuBounds: readonly (readonly [roomSize: number, mode: Mode, socketIo: Bound, glue: Bound])[] = [
  [100, "saturated", { ratio: 0.25 }, { ratio: 0.25 }],
  [100, "half", { ratio: 0.45 }, { ratio: 0.4 }],
  [10, "saturated", { ratio: 0.5, split: 0.65 }, { ratio: 0.35 }],
  [10, "half", { ratio: 0.65, split: 0.8 }, { ratio: 0.45 }],
  [2, "saturated", { ratio: 0.8, split: 1 }, { ratio: 0.5 }],
  [2, "half", { ratio: 1, split: 1.25 }, { ratio: 0.5 }],
  [100, "same", { ratio: 0.5 }, { ratio: 0.5 }],
  [10, "same", { ratio: 1 }, { ratio: 0.5 }],
  [2, "same", { ratio: 1.2 }, { ratio: 0.5 }],
];

/**
 * What issue 5 asks for, line by line. Where it names no room size (Redis, latencies) all three that it speaks of must
 * hold; where it names no rate (Redis), all three rates.
 */
export const mustReach: readonly Target[] = [
  ...cpuBounds.flatMap(([roomSize, mode, ...bounds]) =>
    baselines.map((against, index) =>
      ratioTarget({ figure: serverCpu, roomSize, mode, against, bound: bounds[index] ?? bounds[0] }),
    ),
  ),
  ...roomSizes.flatMap((roomSize) =>
    modes.flatMap((mode) =>
      baselines.map((against) => ratioTarget({ figure: redisCpu, roomSize, mode, against, bound: { ratio: 0.15 } })),
    ),
  ),
  ...baselines.map((against) =>
    ratioTarget({
      figure: deliveries,
      roomSize: 100,
      mode: "saturated",
      against,
      bound: { ratio: 2.5 },
      isFloor: true,
    }),
  ),
  ...roomSizes.flatMap(endToEndTargets),
  ...baselines.map((against) => idleTarget(against, 0.55)),
  ...(["lost", "doubled", "reordered"] as const).flatMap((kind) =>
    baselines.map((against) => faultTarget(kind, against)),
  ),
];

/** Against Socket.IO, which stores nothing, a commit is granted on top. */
function endToEndTargets(roomSize: number): readonly Target[] {
  const mode = "same";
  return [
    ratioTarget({
      figure: endToEndP50,
      roomSize,
      mode,
      against: "socket.io",
      bound: { ratio: 1 },
      yardstick: {
        text: "1.5 × theirs + one store commit",
        of: ({ endToEndMs, repeat }, { storeCommits }) =>
          1.5 * endToEndMs.p50 + (storeCommits.find((one) => one.repeat === repeat)?.ms ?? 0),
      },
    }),
    ratioTarget({ figure: endToEndP50, roomSize, mode, against: "glue", bound: { ratio: 0.5 } }),
    ratioTarget({ figure: endToEndP99, roomSize, mode, against: "socket.io", bound: { ratio: 1 } }),
    ratioTarget({ figure: endToEndP99, roomSize, mode, against: "glue", bound: { ratio: 0.5 } }),
  ];
}
