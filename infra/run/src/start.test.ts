import { createServer } from "node:net";
import { basename } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { createDataFolder, isAlive, runCommand, runNpm } from "./run-command.ts";

const free = ["--port", "0"];

test("npm start is up with one ready line, and SIGTERM to npm drains and exits 0", async () => {
  const data = await createDataFolder();
  const run = runNpm(["start", "--silent", "--", ...free, "--data", data]);
  const ready = await run.ready();
  expect(ready.ws).toEqual([expect.stringMatching(/^ws:\/\/127\.0\.0\.1:\d+\/v1\/ws$/)]);
  expect(ready.http).toEqual([expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/)]);
  expect(ready.presence).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect(ready.processes.map(({ role }) => role).sort()).toEqual(["chat-server", "chat-server", "gateway", "presence"]);
  expect(ready.data).toBe(data);
  expect((await fetch(`${ready.presence}/docs`)).status).toBe(200);
  expect((await fetch(`${ready.management[0]}/readyz`)).status).toBe(200);
  const metrics = await (await fetch(`${ready.management[0]}/metrics`)).text();
  expect(metrics).toMatch(/^parley_[a-z_]+\{node="chat-2"/m);
  run.child.kill("SIGTERM");
  expect(await run.ended).toBe(0);
  expect(run.stdout.filter((line) => line.startsWith("ready "))).toHaveLength(1);
});

test("when npm is killed hard, the service drains and goes", async () => {
  const run = runNpm(["start", "--silent", "--", ...free, "--data", await createDataFolder()]);
  const [part] = (await run.ready()).processes;
  run.child.kill("SIGKILL");
  await vi.waitUntil(() => !isAlive(part?.pid ?? 0), { timeout: 50_000, interval: 50 });
});

test("Ctrl-C exits 0, a second one on its heels too", async () => {
  const run = runCommand("start", [...free, "--data", await createDataFolder()]);
  await run.ready();
  run.child.kill("SIGINT");
  run.child.kill("SIGINT");
  expect(await run.ended).toBe(0);
});

test("after kill -9 the same folder is served again", async () => {
  const data = await createDataFolder();
  const first = runCommand("start", [...free, "--data", data]);
  await first.ready();
  first.child.kill("SIGKILL");
  expect(await first.ended).toBe("SIGKILL");
  const second = runCommand("start", [...free, "--data", data]);
  expect((await second.ready()).data).toBe(data);
});

test("a second start on one folder is refused by name, and the first one goes on", async () => {
  const data = await createDataFolder();
  const first = runCommand("start", [...free, "--data", data]);
  const ready = await first.ready();
  const second = runCommand("start", [...free, "--data", `${data}/../${basename(data)}`]);
  expect(await second.ended).toBe(1);
  expect(second.stderr.join("\n")).toContain(`${data} is in use by another process of Parley`);
  expect((await fetch(`${ready.presence}/docs`)).status).toBe(200);
});

test("a port that is taken is named, and how to choose another", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const run = runCommand("start", ["--port", String(port), "--data", await createDataFolder()]);
  expect(await run.ended).toBe(1);
  expect(run.stderr.join("\n")).toMatch(new RegExp(`${port}.*choose another port with --port`));
});

test.each([
  [["--port", "65536"], {}, '--port is "65536": it must be a whole number from 0 to 65535'],
  [["--chat-servers", "0"], {}, '--chat-servers is "0": it must be a whole number from 1 to 64'],
  [["--prot", "1"], {}, "--prot"],
  [[], { PARLEY_LOG_LEVEL: "loud" }, 'PARLEY_LOG_LEVEL is "loud": it must be one of fatal'],
  [free, { PARLEY_GATEWAY_PING_MS: "1" }, 'PARLEY_GATEWAY_PING_MS is "1": it must be a whole number from 50'],
])("%j %j stops the start and names itself, its value and its range", async (args, env, sentence) => {
  const run = runCommand("start", [...args, "--data", await createDataFolder()], env);
  expect(await run.ended).toBe(2);
  expect(run.stderr.join("\n")).toContain(sentence);
  expect(run.stdout.join("\n")).not.toContain("ready");
});

test("--help names every option and exits 0", async () => {
  const run = runCommand("start", ["--help"]);
  expect(await run.ended).toBe(0);
  for (const option of ["--port", "--data", "--host", "--chat-servers", "--log-level"]) {
    expect(run.stdout.join("\n")).toContain(option);
  }
});
