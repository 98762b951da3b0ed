import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { ensureRedisServer, startMongo } from "@parley/servers";

/** Something that tests run for real and npm does not bring. */
interface Prerequisite {
  readonly what: string;
  /** What is not tested without it. */
  readonly serves: string;
  readonly isThere: () => boolean;
  /** Debian's package. */
  readonly debian: string;
}

const isOnPath = (command: string): boolean => spawnSync("which", [command], { stdio: "ignore" }).status === 0;

const prerequisites: readonly Prerequisite[] = [
  {
    what: "python3 with websockets",
    serves: "the conversation with a client that is not ours",
    isThere: () => spawnSync("/usr/bin/python3", ["-c", "import websockets"], { stdio: "ignore" }).status === 0,
    debian: "python3-websockets",
  },
  {
    what: "chromium",
    serves: "the conversation from a browser page",
    isThere: () => isOnPath("chromium"),
    debian: "chromium",
  },
];

/**
 * Installs what is missing where that can be done (root on Debian). What stays missing is said loudly; its tests then
 * say that they did not run, and fail when `CI` is set.
 * @returns the names of what is missing.
 */
export async function ensurePrerequisites(say: (line: string) => void): Promise<readonly string[]> {
  const missing = prerequisites.filter(({ isThere }) => !isThere());
  if (missing.length > 0 && process.getuid?.() === 0 && existsSync("/usr/bin/apt-get")) {
    const packages = missing.map(({ debian }) => debian);
    say(`installing ${packages.join(", ")} (once)`);
    await aptGet(["update", "-q"], say);
    await aptGet(["install", "-q", "-y", "--no-install-recommends", ...packages], say);
  }
  await ensureServers(say);
  const still = missing.filter(({ isThere }) => !isThere());
  for (const { what, serves, debian } of still) {
    say(`MISSING: ${what}. Not tested without it: ${serves}. On Debian: apt-get install ${debian}`);
  }
  return still.map(({ what }) => what);
}

/** Built or installed here, once and with a line about it, and not while a test waits. */
async function ensureServers(say: (line: string) => void): Promise<void> {
  const missing = (error: unknown): void => {
    say(`MISSING: ${error instanceof Error ? error.message : String(error)}`);
  };
  await ensureRedisServer(say).catch(missing);
  await startMongo({ durable: false, onProgress: say }).then((server) => server.close(), missing);
}

async function aptGet(args: readonly string[], say: (line: string) => void): Promise<void> {
  const child = spawn("apt-get", args, {
    stdio: ["ignore", "ignore", "inherit"],
    // A service that the package starts is not ours: tests start their own on free ports.
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" },
  });
  const code = await new Promise<number | null>((resolve) => {
    child.once("error", () => resolve(null));
    child.once("exit", resolve);
  });
  if (code !== 0) say(`apt-get ${args[0]} failed (${code ?? "could not be started"})`);
}
