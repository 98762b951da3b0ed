import { startRedis } from "@parley/servers";
import { findFreePort, requireServer } from "@parley/servers/testing";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { createDataFolder, isAlive, runCommand } from "./run-command.ts";

const redis = await requireServer("redis");
const mongodb = await requireServer("mongodb");
const patience = { timeout: 50_000, interval: 50 };

describe.skipIf(redis === undefined || mongodb === undefined)("a fleet of processes", () => {
  const servers = ["--redis", redis?.url ?? "", "--mongodb", mongodb?.url ?? ""];

  async function start(...args: string[]) {
    const run = runCommand("cluster", ["--port", "0", "--data", await createDataFolder(), ...args]);
    return { run, ready: await run.ready() };
  }
  const fleetOf = (ready: { processes: readonly { role: string }[] }) => ready.processes.map(({ role }) => role).sort();

  test("two gateways, three chat servers and presence, each in a process of its own; SIGTERM ends all and exits 0", async () => {
    const { run, ready } = await start(...servers);
    const split = ["chat-server", "chat-server", "chat-server", "gateway", "gateway", "presence"];
    expect(fleetOf(ready)).toEqual(split);
    expect(ready.ws).toHaveLength(2);
    expect(ready.http).toHaveLength(2);
    const pids = new Set(ready.processes.map(({ pid }) => pid));
    expect(pids.size).toBe(6);
    expect([...pids].every(isAlive)).toBe(true);
    run.child.kill("SIGTERM");
    expect(await run.ended).toBe(0);
    expect([...pids].some(isAlive)).toBe(false);
  });

  test("a chat server that is killed comes back at its address, and the others are left alone", async () => {
    const { run, ready } = await start(...servers, "--gateways", "1", "--chat-servers", "2");
    const victim = ready.processes.find(({ role }) => role === "chat-server");
    const others = ready.processes.filter(({ pid }) => pid !== victim?.pid);
    process.kill(victim?.pid ?? 0, "SIGKILL");
    await run.line(/died: SIGKILL; starting it again/);
    await run.line(new RegExp(`chat-server ${victim?.node} is back: pid \\d+`));
    expect(others.every(({ pid }) => isAlive(pid))).toBe(true);
    run.child.kill("SIGINT");
    expect(await run.ended).toBe(0);
  });

  test("the Redis and the store that the command started come back where they were when they die", async () => {
    const { run, ready } = await start("--gateways", "1", "--chat-servers", "1");
    for (const role of ["redis", "store"]) {
      const server = ready.processes.find((one) => one.role === role);
      process.kill(server?.pid ?? 0, "SIGKILL");
      await run.line(new RegExp(`${role} \\(pid ${server?.pid}\\) died; starting it again`));
      await run.line(new RegExp(`${role} is back: pid \\d+`));
    }
    await vi.waitUntil(async () => (await fetch(`${ready.management[0]}/readyz`)).status === 200, patience);
    run.child.kill("SIGTERM");
    expect(await run.ended).toBe(0);
  });

  test("--store lmdb runs the embedded store in a process of its own, which comes back where it was", async () => {
    const { run, ready } = await start("--redis", redis?.url ?? "", "--store", "lmdb", "--joined", "1");
    expect(fleetOf(ready)).toEqual(["chat-server", "gateway", "presence", "store"]);
    const store = ready.processes.find(({ role }) => role === "store");
    process.kill(store?.pid ?? 0, "SIGKILL");
    await run.line(/store store-1 is back: pid \d+/);
    await vi.waitUntil(async () => (await fetch(`${ready.management[1]}/readyz`)).status === 200, patience);
    run.child.kill("SIGTERM");
    expect(await run.ended).toBe(0);
  });

  test("--store lmdb and --mongodb are not for the same fleet", async () => {
    const run = runCommand("cluster", ["--store", "lmdb", "--mongodb", "mongodb://127.0.0.1:1"]);
    await expect(run.ready()).rejects.toThrow(/--store lmdb and --mongodb .* can't be used together/);
  });

  test("--joined runs processes that hold a gateway and a chat server each", async () => {
    const { ready } = await start(...servers, "--joined", "2");
    expect(fleetOf(ready)).toEqual(["chat-server", "chat-server", "gateway", "gateway", "presence"]);
    expect(new Set(ready.processes.map(({ pid }) => pid)).size).toBe(3);
  });

  test("when the command itself is killed, its processes drain and go", async () => {
    const { run, ready } = await start(...servers, "--gateways", "1", "--chat-servers", "1");
    run.child.kill("SIGKILL");
    await run.ended;
    await vi.waitUntil(() => !ready.processes.some(({ pid }) => isAlive(pid)), patience);
  });

  test("a Redis that is not there at start is waited for, with a line a second", async () => {
    const port = await findFreePort();
    const run = runCommand("cluster", [
      ...["--port", "0", "--data", await createDataFolder(), "--gateways", "1", "--chat-servers", "1"],
      ...["--redis", `redis://127.0.0.1:${port}`, "--mongodb", mongodb?.url ?? ""],
    ]);
    await run.line(/Waiting for Redis at 127\.0\.0\.1:\d+ \(2 s\)/);
    const late = await startRedis({ port });
    onTestFinished(() => late.close());
    expect(fleetOf(await run.ready())).toEqual(["chat-server", "gateway", "presence"]);
  });

  test("a store that is not there at start is waited for, with a line a second", async () => {
    const run = runCommand("cluster", [
      ...["--port", "0", "--data", await createDataFolder(), "--gateways", "1", "--chat-servers", "1"],
      ...["--redis", redis?.url ?? "", "--mongodb", `mongodb://127.0.0.1:${await findFreePort()}`],
    ]);
    await run.line(/Waiting for the store \([2-9] s\): no usable MongoDB server at 127\.0\.0\.1/);
    run.child.kill("SIGTERM");
    expect(await run.ended).toBe(0);
  });

  test("a wrong setting of a child stops the fleet and names itself", async () => {
    const args = ["--port", "0", "--data", await createDataFolder(), ...servers];
    const run = runCommand("cluster", args, { PARLEY_GATEWAY_PING_MS: "1" });
    expect(await run.ended).toBe(1);
    expect(run.stderr.join("\n")).toContain('PARLEY_GATEWAY_PING_MS is "1"');
    expect(run.stderr.join("\n")).toContain("ended before it was up");
  });
});

describe("one process of a fleet", () => {
  test.each(["gateway", "chat-server", "presence"])("%s without Redis stops and says what it needs", async (role) => {
    const run = runCommand("node", ["--role", role, "--data", await createDataFolder()]);
    expect(await run.ended).toBe(2);
    expect(run.stderr.join("\n")).toContain(`role ${role} needs --redis`);
  });
});
