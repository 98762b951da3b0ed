import { createRedisBus, parseRedisUrl } from "@parley/bus";
import { createRedisCluster } from "@parley/cluster";
import type { Fleet } from "../fleet/fleet.ts";
import type { ClusterRow } from "../row.ts";
import type { Arena } from "../run/arena.ts";

const flapMs = 500;
const flaps = 16;
const apartMs = 8_000;
const ghost = "chat-ghost";

export const row: ClusterRow = {
  number: 6,
  topology: "cluster",
  title: "ring flaps every 500 ms; gateways and chat servers with different rings",
  how:
    "A chat server that nobody can reach joins the ring and leaves it again every 500 ms, sixteen times: each time the " +
    "home of many channels moves to it and back. Then one gateway hears nothing from the registry for 8 s while a chat " +
    "server is killed and comes back: the two gateways place people on different rings. Then the same with one chat " +
    "server: for 8 s two servers believe that they are home to the same channels.",
  async run(arena) {
    const { random, fleet, pause, inject } = arena;
    await pause(2_000);
    const redis = parseRedisUrl(fleet.redis.url);
    const bus = createRedisBus({ redis });
    const { registry, close } = createRedisCluster({ redis, bus });
    const join = () =>
      registry.join({
        node: ghost,
        role: "chat-server",
        // Discard, RFC 863: nobody listens there.
        address: "tcp://127.0.0.1:9",
        process: ghost,
        weight: 1,
        state: "up",
        load: { sessions: 0, eventLoopDelayMs: 0, cpu: 0 },
      });
    try {
      const fault = inject(`${ghost} joins and leaves every ${flapMs} ms`);
      for (let flap = 0; flap < flaps; flap += 1) {
        const lease = await join();
        await pause(flapMs);
        await lease.leave();
        await pause(flapMs);
      }
      fault.end("the ring is as it was");
      await pause(3_000);
      await holdBack(arena, random.pick(fleet.gateways).name);
      await pause(3_000);
      await holdBack(arena, random.pick(fleet.chatServers).name);
      await pause(1_000);
    } finally {
      await close();
      await bus.close();
    }
  },
};

/** The node hears nothing from Redis while a chat server goes and comes. */
async function holdBack({ fleet, random, inject, strike, pause }: Arena<Fleet>, name: string): Promise<void> {
  const node = fleet.nodes.find((one) => one.name === name);
  const victim = random.pick(fleet.chatServers.filter((one) => one.name !== name));
  const fault = inject(`${name} hears nothing of the registry`);
  node?.redis.set({ down: { isPaused: true } });
  await pause(random.integer(500, 1_500));
  const { starts } = victim;
  victim.end("SIGKILL");
  strike(`${victim.name} killed meanwhile`);
  await pause(apartMs);
  node?.redis.set({ down: { isPaused: false } });
  fault.end(`${name} hears all that it missed`);
  await victim.back(starts);
}
