import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { findFreePort } from "@parley/servers/testing";
import { expect, onTestFinished, test } from "vitest";
import { isChildMessage } from "./child-message.ts";
import { createDataFolder } from "./run-command.ts";

test("a process that still waits for Redis goes with the one that started it", async () => {
  const child = fork(fileURLToPath(new URL("./node.ts", import.meta.url)), [], {
    env: {
      ...process.env,
      PARLEY_ROLE: "chat-server",
      PARLEY_DATA: await createDataFolder(),
      PARLEY_REDIS: `redis://127.0.0.1:${await findFreePort()}`,
    },
    stdio: ["ignore", "ignore", "ignore", "ipc"],
    execArgv: ["--disable-warning=ExperimentalWarning"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const ended = once(child, "exit");
  await new Promise<void>((resolve) => {
    child.on("message", (message) => {
      if (isChildMessage(message) && message.kind === "say" && message.line.startsWith("Waiting for Redis")) resolve();
    });
  });
  child.disconnect();
  const [code] = await ended;
  expect(code).toBe(0);
}, 20_000);
