import { Histogram, Registry } from "prom-client";
import { expect, test } from "vitest";
import { LocalCounters, LocalGauges, LocalHistograms } from "./local-metrics.ts";

test("counters are told as often as they are asked for, each count once", async () => {
  const registry = new Registry();
  const counters = new LocalCounters({ name: "c_total", help: "h", labelNames: ["node"], registers: [registry] });
  const one = counters.local({ node: "a" });
  one.inc();
  one.inc(2);
  counters.local({ node: "b" }).inc();
  for (let look = 0; look < 2; look++) {
    const text = await registry.metrics();
    expect(text).toContain('c_total{node="a"} 3\n');
    expect(text).toContain('c_total{node="b"} 1\n');
  }
  one.inc();
  expect(await registry.metrics()).toContain('c_total{node="a"} 4\n');
});

test("a gauge shows what it was set to last", async () => {
  const registry = new Registry();
  const gauge = new LocalGauges({ name: "g", help: "h", labelNames: ["node"], registers: [registry] }).local({
    node: "a",
  });
  gauge.set(5);
  gauge.set(4);
  expect(await registry.metrics()).toContain('g{node="a"} 4\n');
});

test("a histogram says, to the letter, what prom-client's own does", async () => {
  const options = { name: "h_seconds", help: "h", labelNames: ["node"], buckets: [0.1, 1, 10] };
  const [ours, theirs] = [new Registry(), new Registry()];
  const local = new LocalHistograms({ ...options, registers: [ours] }).local({ node: "a" });
  const plain = new Histogram({ ...options, registers: [theirs] }).labels({ node: "a" });
  // Below, at and above each bound, and beyond the last.
  for (const value of [0, 0.1, 0.11, 1, 1.5, 10, 11, 1_000]) {
    local.observe(value);
    plain.observe(value);
  }
  expect(await ours.metrics()).toBe(await theirs.metrics());
  const plainly = async (registry: Registry): Promise<unknown> => {
    return (await registry.getMetricsAsJSON()).map(({ values, ...about }) => [
      about.name,
      about.type,
      values.map(({ labels, value }) => ({ labels, value })),
    ]);
  };
  expect(await plainly(ours)).toEqual(await plainly(theirs));
});

test("a timer observes the seconds until it is stopped", async () => {
  const registry = new Registry();
  const options = { name: "t_seconds", help: "h", labelNames: ["node"], buckets: [1_000], registers: [registry] };
  const stop = new LocalHistograms(options).local({ node: "a" }).startTimer();
  await new Promise((resolve) => setTimeout(resolve, 30));
  stop();
  const sum = Number(/t_seconds_sum\{node="a"\} (\S+)/.exec(await registry.metrics())?.[1]);
  expect(sum).toBeGreaterThan(0.02);
  expect(sum).toBeLessThan(30);
});
