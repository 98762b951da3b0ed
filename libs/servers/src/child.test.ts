import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";
import { startChild } from "./child.ts";
import { waitUntil } from "./ports.ts";

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test("a server dies with its parent, even when the parent is killed by SIGKILL", async () => {
  const script = `
    import { startChild } from ${JSON.stringify(join(import.meta.dirname, "child.ts"))};
    const child = await startChild("sleep", ["600"]);
    console.log(child.pid);
    setInterval(() => {}, 1000);
  `;
  const parent = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = createInterface({ input: parent.stdout });
  const [line] = await once(lines, "line");
  const pid = Number(line);
  expect(isAlive(pid)).toBe(true);
  parent.kill("SIGKILL");
  await waitUntil("the end of the server", 10_000, async () => !isAlive(pid));
});

test("a server that ignores SIGTERM is killed", { timeout: 20_000 }, async () => {
  const ready = Promise.withResolvers<void>();
  const script = "trap '' TERM; echo ready; while :; do sleep 1; done";
  const child = await startChild("/bin/sh", ["-c", script], () => ready.resolve());
  await ready.promise;
  await child.close();
  expect(isAlive(child.pid)).toBe(false);
});

test("a server that ends by itself is noticed, and its last words are kept", async () => {
  const child = await startChild("/bin/sh", ["-c", "echo no disk >&2; exit 3"]);
  await waitUntil("its end", 10_000, async () => child.hasExited());
  await waitUntil("its words", 10_000, async () => child.tail().includes("no disk"));
});
