import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { ensureRedisServer } from "./redis.ts";

afterEach(() => vi.unstubAllEnvs());

/** A PATH with nothing but an `apt-get` that writes down how it was called and then does `action`. */
async function onlyAptGet(action: string): Promise<{ folder: string; calls: () => Promise<string> }> {
  const folder = await mkdtemp(join(tmpdir(), "parley-path-"));
  const script = `#!/bin/sh\necho "$RUNLEVEL $@" >>'${folder}/calls'\n${action.replaceAll("FOLDER", folder)}\n`;
  await writeFile(join(folder, "apt-get"), script);
  await chmod(join(folder, "apt-get"), 0o755);
  vi.stubEnv("PATH", folder);
  return { folder, calls: () => readFile(join(folder, "calls"), "utf8") };
}

test.skipIf(process.getuid?.() !== 0)("root without redis-server installs it, once, and says so", async () => {
  const { folder, calls } = await onlyAptGet("echo >FOLDER/redis-server; /bin/chmod +x FOLDER/redis-server");
  const lines: string[] = [];
  expect(await ensureRedisServer((line) => lines.push(line))).toBe(join(folder, "redis-server"));
  expect(await ensureRedisServer((line) => lines.push(line))).toBe(join(folder, "redis-server"));
  expect(lines).toHaveLength(1);
  // No service of the package's own may start.
  expect(await calls()).toMatch(/^1 .*install -y .*redis-server\n$/);
  await rm(folder, { recursive: true });
});

test.skipIf(process.getuid?.() !== 0)(
  "an installation that fails is tried again after an update, then named",
  async () => {
    const { folder, calls } = await onlyAptGet("exit 100");
    await expect(ensureRedisServer()).rejects.toThrow("redis-server is not on the PATH");
    expect((await calls()).match(/ (?:install|update)\b/g)).toEqual([" install", " update", " install"]);
    await rm(folder, { recursive: true });
  },
);
