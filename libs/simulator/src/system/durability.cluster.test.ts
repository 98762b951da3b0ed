import { expect, test } from "vitest";
import { runAllDie } from "../bench/kill9/all-die.ts";

const say = (): void => {};
const progress = { phase: say, tick: say, end: say };

test("gateways, chat servers, Redis and the store's server are killed at once: nothing acked is lost, outboxes finish", {
  timeout: 300_000,
}, async () => {
  const people = { users: 20, channels: 6, messagesPerS: 8, gateways: 1, chatServers: 2 };
  const result = await runAllDie({ kind: "cluster", rounds: 1, seed: 8, ...people, progress });
  expect(result.reports.flatMap(({ shown }) => shown)).toEqual([]);
  expect(result.demands).toEqual(result.demands.map((demand) => ({ ...demand, holds: true })));
});
