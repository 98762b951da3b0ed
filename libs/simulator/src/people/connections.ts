import type { Random } from "../random.ts";
import type { Timers } from "../run/timers.ts";
import type { Device } from "./device.ts";

/**
 * How a device loses touch and finds back, for as long as the timers run: mostly its socket is cut, sometimes closed in
 * an orderly way, and one time in five it is away for a while and its person goes on writing. A stalling device stops
 * reading now and then.
 */
export function liveWithConnections(device: Device, random: Random, timers: Timers): void {
  timers.repeat(
    () => Math.max(300, random.exponential(device.plan.connectedMs)),
    async () => {
      const chance = random.fraction();
      if (chance < 0.55) return device.cut();
      if (chance < 0.8) return device.hangUp();
      await device.goOffline();
      await timers.pause(random.integer(1_000, 8_000));
      device.goOnline();
    },
  );
  if (device.plan.reading !== "stalling") return;
  timers.repeat(
    () => random.exponential(10_000),
    async () => {
      device.stall();
      await timers.pause(random.integer(1_000, 10_000));
      device.goOn();
    },
  );
}
