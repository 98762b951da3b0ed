import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { isFields } from "../../history/content.ts";
import type { Ready } from "../../target/system.ts";

/** A chat server that nobody supervises: drained, it stays away. */
export interface AddedServer {
  readonly node: string;
  /** Its exit code. **Errors**: rejects where it is not gone in time. */
  ended(withinMs: number): Promise<number | null>;
  /** Whatever state it is in. **Repeat**: nothing more. */
  kill(): Promise<void>;
}

const upWithinMs = 30_000;

/**
 * Starts one more chat server on the Redis and the store of a running cluster, as an operator does: by the entry file and
 * its environment. **Errors**: rejects where it is not up in 30 s.
 */
export async function addServer(system: Ready, node: string, logFile: string): Promise<AddedServer> {
  const addressOf = (role: string): string => system.processes.find((one) => one.role === role)?.address ?? "";
  const entry = fileURLToPath(new URL("../../../../../infra/run/src/node.ts", import.meta.url));
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", entry], {
    // The channel tells it that we are gone, however we went.
    stdio: ["ignore", "ignore", "inherit", "ipc"],
    env: {
      ...process.env,
      PARLEY_ROLE: "chat-server",
      PARLEY_NODE: node,
      PARLEY_DATA: system.data,
      PARLEY_REDIS: addressOf("redis"),
      PARLEY_MONGODB: addressOf("store"),
      PARLEY_LOG_FILE: logFile,
    },
  });
  const exited = once(child, "exit");
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
  const kill = async (): Promise<void> => {
    if (hasEnded()) return;
    child.kill("SIGKILL");
    await exited;
  };
  const up = new Promise<void>((resolve) => {
    child.on("message", (message) => {
      if (isFields(message) && message["kind"] === "up") resolve();
    });
  });
  const isUp = await Promise.race([up.then(() => true), exited.then(() => false), after(upWithinMs, false)]);
  if (!isUp) {
    await kill();
    throw new Error(`${node} did not come up`);
  }
  return {
    node,
    kill,
    async ended(withinMs) {
      await Promise.race([exited, after(withinMs, undefined)]);
      if (!hasEnded()) throw new Error(`${node} is still there after ${withinMs} ms`);
      return child.exitCode;
    },
  };
}

function after<T>(ms: number, value: T): Promise<T> {
  return new Promise((resolve) => setTimeout(() => resolve(value), ms).unref());
}
