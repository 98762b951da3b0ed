import { connectCommands, type RedisClient, type RedisOptionsUnion, startPulse } from "@parley/bus";
import { RegistryError } from "./registry.ts";
import { defineRegistryScripts } from "./registry-scripts.ts";
import { defineUserScripts } from "./user-scripts.ts";

/** Commands to Redis that fail as {@link RegistryError}, soon, and never pile up. */
export interface RedisCommands {
  /** **Errors**: RegistryError when out of reach, slow (1 s) or when `inFlightMax` commands are under way. */
  run<Value>(call: (client: RedisClient) => Promise<Value>): Promise<Value>;
  close(): void;
}

const inFlightDefault = 10_000;
/** Only the very first command waits for the connection, so that a process may join as soon as it has started, ms. */
const firstConnectionMs = 5_000;

export function createRedisCommands(redis: RedisOptionsUnion, inFlightMax = inFlightDefault): RedisCommands {
  const client = connectCommands(redis);
  defineRegistryScripts(client);
  defineUserScripts(client);
  const pulse = startPulse(client);
  let inFlight = 0;
  let isClosed = false;
  let wasUp = false;
  const firstUp = new Promise<void>((resolve) => {
    pulse.onChange((isUp) => {
      if (!isUp) return;
      wasUp = true;
      resolve();
    });
  });

  async function untilFirstUp(): Promise<void> {
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, firstConnectionMs);
    await Promise.race([firstUp, late]);
    clearTimeout(timer);
  }

  return {
    async run(call) {
      if (isClosed) throw new RegistryError("The registry is closed.");
      if (inFlight >= inFlightMax) throw new RegistryError("Too many commands to the registry are under way.");
      inFlight += 1;
      try {
        if (!wasUp) await untilFirstUp();
        return await call(client);
      } catch (error) {
        throw new RegistryError("Redis did not answer.", { cause: error });
      } finally {
        inFlight -= 1;
      }
    },
    close() {
      isClosed = true;
      pulse.stop();
    },
  };
}
