import { askRedis } from "@parley/servers";
import type { Fleet } from "../fleet/fleet.ts";
import { requireSocketsStay } from "../means/sockets-stay.ts";
import type { ClusterRow } from "../row.ts";
import type { Arena } from "../run/arena.ts";

const betweenMs = 3_000;
const pauseMs = 5_000;
const killEveryMs = 200;
const killForMs = 5_000;
const halfOpenMs = 5_000;
const overflowBytes = 4 * 1024 * 1024;

type Trial = (arena: Arena<Fleet>, redis: (...words: string[]) => Promise<string>) => Promise<void>;

const restartEmpty: Trial = async ({ fleet, random, inject, pause }) => {
  const fault = inject("Redis killed");
  await fleet.redis.kill();
  await pause(random.integer(500, 3_000));
  await fleet.redis.start();
  fault.end("Redis is back, empty");
};

const flushAll: Trial = async ({ strike }, redis) => {
  await redis("FLUSHALL");
  strike("FLUSHALL");
};

const clientPause: Trial = async ({ inject, pause }, redis) => {
  const fault = inject(`CLIENT PAUSE ${pauseMs} ALL`);
  await redis("CLIENT", "PAUSE", String(pauseMs), "ALL");
  await pause(pauseMs);
  fault.end();
};

const killSubscribers: Trial = async ({ inject, pause, figure }, redis) => {
  const fault = inject(`CLIENT KILL TYPE pubsub every ${killEveryMs} ms`);
  let killed = 0;
  for (let elapsed = 0; elapsed < killForMs; elapsed += killEveryMs) {
    killed += Number(await redis("CLIENT", "KILL", "TYPE", "pubsub"));
    await pause(killEveryMs);
  }
  fault.end();
  figure("subscribers killed", String(killed));
};

const halfOpen: Trial = async ({ fleet, inject, pause }) => {
  const fault = inject("every connection to Redis half-open: no byte and no end passes, new ones work");
  for (const { redis } of fleet.nodes) redis.set({ halfOpen: true });
  await pause(halfOpenMs);
  for (const { redis } of fleet.nodes) redis.set({ halfOpen: false });
  fault.end("what is left of the half-open connections moves again");
};

const overflow: Trial = async ({ fleet, strike, figure }, redis) => {
  await redis("CONFIG", "SET", "client-output-buffer-limit", "pubsub 1mb 1mb 1");
  // Over the limit at once: Redis cuts the subscriber before it has been sent anything of this.
  const filler = "x".repeat(overflowBytes);
  let reached = 0;
  for (const { name } of fleet.chatServers) reached += Number(await redis("PUBLISH", `parley:inbox:${name}`, filler));
  strike("the output buffer of every chat server's subscriber overflows: Redis cuts them");
  await redis("CONFIG", "SET", "client-output-buffer-limit", "pubsub 32mb 8mb 60");
  figure("output buffers overflowed", String(reached));
  if (reached === 0) throw new Error("no chat server was subscribed: nothing overflowed");
};

export const row: ClusterRow = {
  number: 7,
  topology: "cluster",
  title: "Redis restarted empty; FLUSHALL; CLIENT PAUSE; subscribers killed; half-open; output buffer overflow",
  how:
    "In an order that the seed draws: Redis is killed and comes back empty some seconds later; FLUSHALL takes away all " +
    "leases, the directory and presence; Redis answers nobody for 5 s; all subscribers are killed every 200 ms for 5 s; " +
    "all present connections to Redis go silent for 5 s without being closed; and Redis cuts every chat server's " +
    "subscriber because its output buffer is full.",
  async run(arena) {
    requireSocketsStay(arena);
    const { fleet, random, pause, until } = arena;
    const port = Number(new URL(fleet.redis.url).port);
    const redis = (...words: string[]) => askRedis(port, words);
    await pause(2_000);
    const trials = [restartEmpty, flushAll, clientPause, killSubscribers, halfOpen, overflow];
    for (const trial of random.sample(trials, trials.length)) {
      await trial(arena, redis);
      await pause(betweenMs);
      await until("an answer of Redis", async () => (await redis("PING").catch(() => "")) === "PONG", 10_000);
    }
  },
};
