import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Registry } from "prom-client";
import { expect, onTestFinished, test } from "vitest";
import { createProcessRegistry, createTelemetry, startManagement } from "./index.ts";
import { createTestTelemetry } from "./testing.ts";

test("every line carries node and role", () => {
  const telemetry = createTestTelemetry("gw-1", "gateway");
  telemetry.logger.info({ sockets: 3 }, "listening");
  expect(telemetry.lines).toEqual([
    expect.objectContaining({ node: "gw-1", role: "gateway", sockets: 3, msg: "listening" }),
  ]);
});

test("bodies, tokens and keys never reach the log, wherever a careless call puts them", () => {
  const telemetry = createTestTelemetry();
  const secret = "tell-nobody";
  const { logger } = telemetry;
  logger.info({ token: secret, text: secret }, "top");
  logger.info({ frame: { text: secret } }, "frame");
  logger.info({ event: { text: secret, data: { a: secret } } }, "below");
  logger.info({ request: { headers: { authorization: secret, cookie: secret } } }, "deep");
  logger.child({ key: secret }).info({ link: { secret } }, "child");
  expect(telemetry.lines).toHaveLength(5);
  expect(JSON.stringify(telemetry.lines)).not.toContain(secret);
});

test("a log file is appended to, each line at once", async () => {
  const folder = await mkdtemp(join(tmpdir(), "parley-log-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, "logs", "parley.log");
  for (const node of ["a", "b"]) createTelemetry({ node, role: "x", destination: { file } }).logger.info("started");
  expect((await readFile(file, "utf8")).trim().split("\n")).toHaveLength(2);
});

test("control characters from outside cannot forge a log line", () => {
  const telemetry = createTestTelemetry();
  telemetry.logger.info({ user: 'x\r\n{"level":60}\u001b[2J' }, "hello");
  expect(telemetry.lines).toHaveLength(1);
});

test("two nodes of one process share a registry and keep their own numbers", async () => {
  const registry = new Registry();
  const one = createTelemetry({ node: "cs-1", role: "chat-server", level: "silent", registry });
  const two = createTelemetry({ node: "cs-2", role: "chat-server", level: "silent", registry });
  onTestFinished(() => one.close());
  onTestFinished(() => two.close());
  one.metrics.sessions.set(1);
  two.metrics.sessions.set(2);
  two.metrics.refusals.of("conflict").inc();
  const text = await registry.metrics();
  expect(text).toContain('parley_chat_sessions{node="cs-1"} 1');
  expect(text).toContain('parley_chat_sessions{node="cs-2"} 2');
  expect(text).toContain('parley_chat_errors_total{node="cs-2",code="conflict"} 1');
});

test("every metric has a name that starts with parley_, a help sentence and no label but node and one of few values", async () => {
  const telemetry = createTestTelemetry();
  onTestFinished(() => telemetry.close());
  for (const { name, help } of telemetry.registry.getMetricsAsArray()) {
    expect(name).toMatch(/^parley_[a-z0-9_]+$/);
    expect(help).toMatch(/\.$/);
  }
});

test("load is CPU in cores and delay in ms, and sets the gauges", async () => {
  const telemetry = createTestTelemetry("cs-1");
  onTestFinished(() => telemetry.close());
  const until = process.cpuUsage().user + 30_000;
  while (process.cpuUsage().user < until) Math.sqrt(2);
  const load = telemetry.load(7);
  expect(load.sessions).toBe(7);
  expect(load.cpu).toBeGreaterThan(0);
  expect(load.eventLoopDelayMs).toBeGreaterThanOrEqual(0);
  expect(await telemetry.registry.metrics()).toMatch(
    /parley_cpu_cores\{node="cs-1"\} 0\.|parley_cpu_cores\{node="cs-1"\} \d/,
  );
});

test("the management server answers livez always, readyz by readiness, metrics as text, and nothing else", async () => {
  let readiness: () => boolean | Promise<boolean> = () => false;
  const management = await startManagement({ port: 0, registry: createProcessRegistry(), isReady: () => readiness() });
  onTestFinished(() => management.close());
  const status = async (path: string, method = "GET") => (await fetch(management.address + path, { method })).status;
  expect(management.address).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect(await status("/livez")).toBe(200);
  expect(await status("/readyz")).toBe(503);
  readiness = () => Promise.reject(new Error("store away"));
  expect(await status("/readyz")).toBe(503);
  readiness = async () => true;
  expect(await status("/readyz")).toBe(200);
  expect(await (await fetch(`${management.address}/metrics`)).text()).toContain("process_resident_memory_bytes");
  expect(await status("/")).toBe(404);
  expect(await status("/metrics", "POST")).toBe(405);
});

test("a taken port is an error at start", async () => {
  const registry = new Registry();
  const first = await startManagement({ port: 0, registry, isReady: () => true });
  onTestFinished(() => first.close());
  const port = Number(new URL(first.address).port);
  await expect(startManagement({ port, registry, isReady: () => true })).rejects.toThrow(/EADDRINUSE/);
});
