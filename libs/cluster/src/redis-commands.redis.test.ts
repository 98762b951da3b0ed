import { type RedisFabric, startSingleFabric, until } from "@parley/bus/testing";
import { afterAll, expect, test } from "vitest";
import { createRedisCommands, type RedisCommands } from "./redis-commands.ts";
import { RegistryError } from "./registry.ts";

const fabric: RedisFabric = await startSingleFabric();
const open: RedisCommands[] = [];
const connect = (inFlightMax?: number): RedisCommands => {
  const commands = createRedisCommands(fabric.redis, inFlightMax);
  open.push(commands);
  return commands;
};
afterAll(async () => {
  for (const commands of open) commands.close();
  await fabric.close();
});

test("the first command waits for the connection", async () => {
  expect(await connect().run((client) => client.ping())).toBe("PONG");
});

test("commands under way are bounded: at the bound they pass, over it one rejects at once and harms no other", async () => {
  const commands = connect(2);
  const under = [commands.run((client) => client.ping()), commands.run((client) => client.ping())];
  await expect(commands.run((client) => client.ping())).rejects.toThrow("under way");
  expect(await Promise.all(under)).toEqual(["PONG", "PONG"]);
  expect(await commands.run((client) => client.ping())).toBe("PONG");
});

test("a server that stands still, or is gone, is a RegistryError with its cause, and it mends by itself", async () => {
  const commands = connect();
  await commands.run((client) => client.ping());
  fabric.stop();
  await expect(commands.run((client) => client.ping())).rejects.toThrow(RegistryError);
  await fabric.resume();
  await until(() =>
    commands
      .run((client) => client.ping())
      .then(
        () => true,
        () => false,
      ),
  );
  await fabric.takeAway();
  await expect(commands.run((client) => client.ping())).rejects.toMatchObject({ cause: expect.any(Error) });
  await fabric.bringBack();
  await until(() =>
    commands
      .run((client) => client.ping())
      .then(
        () => true,
        () => false,
      ),
  );
});

test("closed, everything rejects", async () => {
  const commands = connect();
  commands.close();
  await expect(commands.run((client) => client.ping())).rejects.toThrow(RegistryError);
});
