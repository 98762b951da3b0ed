import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";

/** Violations planted into a copy of the rules: each must be found, and nothing beside them. */
const root = fileURLToPath(new URL("../..", import.meta.url));
let folder = "";

const refused: readonly (readonly [file: string, source: string, message: string])[] = [
  ["gateway/src/a.ts", 'import { x } from "mongodb";', "Only libs/store knows the databases"],
  ["libs/cluster/src/a.ts", 'import { open } from "lmdb";', "Only libs/store knows the databases"],
  ["chat-server/src/a.ts", 'import type { Redis } from "ioredis";', "Only libs/bus and libs/cluster know Redis"],
  ["presence/src/b.ts", 'export * from "ioredis/built/x.js";', "Only libs/bus and libs/cluster know Redis"],
  ["chat-server/src/b.ts", 'export const x = await import("ws");', "Only the gateway holds client sockets"],
  ["infra/run/src/a.ts", 'import x from "ws";', "Only the gateway holds client sockets"],
  ["gateway/src/b.ts", 'import { x } from "@parley/chat-server";', "a process imports libs, never another process"],
  ["libs/link/src/a.ts", 'import { x } from "@parley/gateway";', "a process imports libs, never another process"],
  ["libs/simulator/src/a.ts", 'import { x } from "@parley/run";', "a process imports libs, never another process"],
  ["libs/protocol/src/a.ts", 'import { x } from "@parley/config";', "protocol and ring import nothing of ours"],
  ["libs/ring/src/a.ts", 'import type { x } from "@parley/protocol";', "protocol and ring import nothing of ours"],
  ["libs/ring/src/b.ts", 'import { x } from "../../store/src/x.ts";', "Another package is imported by its name"],
  ["gateway/src/c.ts", 'import { x } from "@parley/store";', "The gateway never opens the store"],
  ["gateway/src/d.ts", 'import { x } from "@parley/bus/testing";', "The gateway never opens the store"],
  ...[
    "Date.now()",
    "Date.now",
    "new Date()",
    "Math.random()",
    "setTimeout(() => {}, 1)",
    "globalThis.setInterval(() => {}, 1)",
    "setImmediate(() => {})",
    "performance.now()",
    "crypto.randomUUID()",
  ].flatMap((call, index) =>
    ["chat-server/src/channel", "chat-server/src/relay", "chat-server/src/session", "libs/ring/src"].map(
      (place) => [`${place}/t${index}.ts`, `export const x = ${call};`, "Clock, timers and randomness"] as const,
    ),
  ),
  ["chat-server/src/channel/log-host.ts", "export const x = Date.now();", "Clock, timers and randomness"],
  ["chat-server/src/relay/relay-host.ts", "export const x = setTimeout(() => {}, 1);", "Clock, timers and randomness"],
  ["libs/cluster/src/view.ts", "export const x = Date.now();", "Clock, timers and randomness"],
  ["libs/cluster/src/held-leases.ts", "export const x = Math.random();", "Clock, timers and randomness"],
  ["libs/config/src/a.ts", "export const x = (y: any) => y;", "Unexpected any"],
  ["libs/config/src/b.ts", "export const x = (y?: string) => y!.length;", "non-null assertion"],
];

const allowed: readonly (readonly [file: string, source: string])[] = [
  ["libs/store/src/ok.ts", 'import { x } from "mongodb";'],
  ["libs/bus/src/ok.ts", 'import { x } from "ioredis";'],
  ["libs/cluster/src/ok.ts", 'import { x } from "ioredis";'],
  ["gateway/src/ok.ts", 'import { x } from "ws";'],
  ["infra/run/src/ok.test.ts", 'import { x } from "ws";'],
  ["infra/run/src/ok.ts", 'import { x } from "@parley/gateway";'],
  ["chat-server/src/ok.ts", 'import { x } from "@parley/store";'],
  ["libs/ring/src/ok.ts", 'import { x } from "../hash.ts";'],
  ["chat-server/src/channel/ok.ts", "export const y = (clock: { now(): number }): number => clock.now();"],
  ["chat-server/src/clock.ts", "export const y = Date.now();"],
  ["libs/cluster/src/clock.ts", "export const y = performance.now();"],
  ["libs/ring/src/time.ts", "export const y = new Date(5);"],
];

let report = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "parley-rules-"));
  await cp(join(root, ".biome.json"), join(folder, ".biome.json"));
  await cp(join(root, "infra/rules"), join(folder, "infra/rules"), { recursive: true });
  for (const [file, source] of [...refused, ...allowed]) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(
      join(folder, file),
      source.startsWith("import") ? `${source}\nexport const y = typeof x;\n` : source,
    );
  }
  report = await lint();
});
afterAll(() => rm(folder, { recursive: true }));

function lint(): Promise<string> {
  const biome = join(root, "node_modules/.bin/biome");
  const options = ["lint", "--vcs-enabled=false", "--reporter=json", "--max-diagnostics=none", "."];
  return new Promise((resolve) =>
    execFile(biome, options, { cwd: folder, maxBuffer: 1e8 }, (_error, stdout) => resolve(stdout)),
  );
}

function messagesOf(file: string): readonly string[] {
  const parsed: { diagnostics: { severity: string; message: unknown; location: { path: unknown } }[] } =
    JSON.parse(report);
  return parsed.diagnostics
    .filter(({ severity, location }) => severity === "error" && JSON.stringify(location.path).includes(`${file}"`))
    .map(({ message }) => JSON.stringify(message));
}

test.each(refused)("%s may not: %s", (file, _source, message) => {
  expect(messagesOf(file).join("\n")).toContain(message);
});

test.each(allowed)("%s may: %s", (file) => {
  expect(messagesOf(file)).toEqual([]);
});
