import { readFileSync } from "node:fs";

/**
 * Cores of the machine that were not idle over a time that begins and ends so many ms from now, whoever had them; what a
 * host took away (steal) among it. **Source**: proc(5), /proc/stat: user, nice, system, idle, iowait, irq, softirq, steal,
 * in hundredths of a second.
 */
export async function busyCoresBetween(fromMs: number, toMs: number): Promise<number> {
  await pause(fromMs);
  const before = readBusyS();
  const beganAt = performance.now();
  await pause(toMs - fromMs);
  return ((readBusyS() - before) * 1_000) / (performance.now() - beganAt);
}

function readBusyS(): number {
  const [line = ""] = readFileSync("/proc/stat", "utf8").split("\n");
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = line.split(/\s+/).slice(1).map(Number);
  return (user + nice + system + irq + softirq + steal) / 100;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
