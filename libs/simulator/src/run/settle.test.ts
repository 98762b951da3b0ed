import { expect, onTestFinished, test } from "vitest";
import { checkHistory } from "../checker/check.ts";
import { startTcpProxy } from "../faults/index.ts";
import { createHistory } from "../history/history.ts";
import { createObserver } from "../history/observed-socket.ts";
import { drawPopulation } from "../people/population.ts";
import { createRandom } from "../random.ts";
import { startReferenceServer } from "../reference/reference-server.ts";
import { createCrowd } from "./crowd.ts";
import { settle } from "./settle.ts";

/** Everyone says something that does not reach the server before the patience with them has ended. */
async function runLate(lateWithinMs: number, hasEnd: boolean) {
  const server = await startReferenceServer();
  onTestFinished(() => server.close());
  const port = Number(new URL(server.url).port);
  const proxy = await startTcpProxy({ target: { host: "127.0.0.1", port }, seed: 1 });
  onTestFinished(() => proxy.close());
  const url = new URL(server.url);
  url.port = String(proxy.port);
  const now = (): number => performance.now();
  // Given on when the first is known to be late, and again before the logs are read.
  const onLine = (line: string): void => {
    if (line === (hasEnd ? "settled" : "final-log")) proxy.set({ isPaused: false });
  };
  const history = createHistory({ write: ({ line }) => onLine(line) });
  const random = createRandom(3);
  const population = drawPopulation(random, { users: 6, channels: 4, messagesPerS: 1, prefix: "u" });
  const observer = createObserver(history, now);
  const tokenOf = (user: string): string => user;
  const crowd = createCrowd({ population, urls: [url.href], tokenOf, sendsTwice: false, random, observer, history });
  onTestFinished(() => crowd.close());
  history.record({ line: "terms", at: now(), settleWithinMs: 100 });
  await crowd.gather();
  proxy.set({ isPaused: true });
  for (const { user, client } of crowd.devices) {
    for (const { channel } of crowd.rooms.of(user)) void client.send(channel, { text: "late" });
  }
  history.record({ line: "rest", at: now() });
  const { devices, rooms } = crowd;
  await settle({
    history,
    observer,
    devices,
    rooms,
    url: server.url,
    tokenOf,
    withinMs: 100,
    lateWithinMs,
    nudge: () => {},
  });
  const acked = observer.counters.acked;
  // Whatever would still come, comes.
  await new Promise((resolve) => setTimeout(resolve, 300));
  return { ...checkHistory(history), acked, ackedAfter: observer.counters.acked - acked };
}

const broken = (counts: Readonly<Record<string, number>>): string[] =>
  Object.entries(counts).flatMap(([invariant, count]) => (count > 0 ? [invariant] : []));

test("who needs longer is late and nothing else: the logs are read when all is quiet", async () => {
  const { counts, acked } = await runLate(60_000, true);
  expect(broken(counts)).toEqual(["C9"]);
  expect(acked).toBeGreaterThan(6);
});

test("who is not done in the end hears of no acks that the logs would seem to lack", async () => {
  const { counts, ackedAfter } = await runLate(0, false);
  expect(broken(counts)).toEqual(["C9"]);
  expect(ackedAfter).toBe(0);
});
