import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { finished } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { findQuietPort } from "@parley/servers/testing";
import { createTokens } from "@parley/simulator";
import { startTcpProxy, type TcpProxy } from "@parley/simulator/faults";

/** The system of `npm start`: everything in one process, on the embedded store. */
export interface EmbeddedSystem {
  readonly topology: "embedded";
  readonly urls: readonly string[];
  readonly tokenOf: (user: string, scope?: string) => string;
  readonly data: string;
  readonly pid: number;
  readonly isUp: boolean;
  readonly front: TcpProxy;
  readonly logFile: string;
  /** Starts it again at its old addresses, after it has ended. */
  start(): Promise<void>;
  /** The next end is meant. */
  expectEnd(): void;
  /** Starts it again if it is down. */
  heal(): Promise<void>;
  /** SIGTERM; resolves when it is gone. */
  end(): Promise<void>;
  complaints(): readonly string[];
  readonly endings: readonly string[];
  /** **Repeat**: does nothing. */
  close(): Promise<void>;
}

export interface EmbeddedOptions {
  readonly data: string;
  readonly folder: string;
  readonly seed: number;
  readonly onChange: (what: string) => void;
}

const startWithinMs = 60_000;
const endWithinMs = 20_000;
const startModule = fileURLToPath(new URL("../../../run/src/start.ts", import.meta.url));

/** **Errors**: rejects, with nothing left behind, when it does not come up. */
export async function startEmbedded({ data, folder, seed, onChange }: EmbeddedOptions): Promise<EmbeddedSystem> {
  const port = await findQuietPort();
  const front = await startTcpProxy({ target: { host: "127.0.0.1", port }, seed });
  const logFile = join(folder, "system.log");
  const log = createWriteStream(logFile, { flags: "a" });
  const found: string[] = [];
  const endings: string[] = [];
  let child: ChildProcess | undefined;
  let isExpected = false;
  let isClosed = false;

  const start = async (): Promise<void> => {
    const args = ["--disable-warning=ExperimentalWarning", startModule, "--port", String(port), "--data", data];
    const started = spawn(process.execPath, args, {
      // The channel ends it with us, however we end.
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      env: { ...process.env, PARLEY_LOG_FILE: "" },
    });
    child = started;
    started.stderr?.pipe(log, { end: false });
    started.once("exit", (code, signal) => {
      const how = signal ?? `exit code ${code}`;
      if (child === started) child = undefined;
      if (isExpected || isClosed) endings.push(`the system: ${how}`);
      else found.push(`the system ended: ${how}`);
      isExpected = false;
      onChange(`the system ended: ${how}`);
    });
    await readyOf(started);
  };
  const end = async (): Promise<void> => {
    if (child === undefined) return;
    isExpected = true;
    const ending = child;
    const gone = once(ending, "exit");
    ending.kill("SIGTERM");
    const timer = setTimeout(() => ending.kill("SIGKILL"), endWithinMs);
    await gone;
    clearTimeout(timer);
  };
  const close = async (): Promise<void> => {
    if (isClosed) return;
    isClosed = true;
    if (child !== undefined) {
      const gone = once(child, "exit");
      child.kill("SIGKILL");
      await gone;
    }
    await front.close();
    log.end();
    await finished(log);
  };
  try {
    await start();
  } catch (error) {
    await close();
    throw error;
  }
  return {
    topology: "embedded",
    urls: [`ws://127.0.0.1:${front.port}/v1/ws`],
    tokenOf: await createTokens(data),
    data,
    get pid() {
      return child?.pid ?? 0;
    },
    get isUp() {
      return child !== undefined;
    },
    front,
    logFile,
    start,
    expectEnd() {
      isExpected = true;
    },
    async heal() {
      front.heal();
      if (child === undefined) await start();
    },
    end,
    complaints: () => found,
    endings,
    close,
  };
}

function readyOf(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("npm start was not ready in time")), startWithinMs);
    child.once("error", reject);
    child.once("exit", (code, signal) => reject(new Error(`npm start ended before it was ready: ${signal ?? code}`)));
    if (child.stdout === null) return reject(new Error("npm start has no output"));
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (!line.startsWith("ready ")) return;
      clearTimeout(timer);
      resolve();
    });
  });
}
