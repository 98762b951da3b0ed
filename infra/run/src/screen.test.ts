import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import type { Ready } from "./ready.ts";
import { createScreen } from "./screen.ts";

async function createReady(): Promise<Ready> {
  const data = await mkdtemp(join(tmpdir(), "parley-screen-"));
  onTestFinished(() => rm(data, { recursive: true }));
  return {
    ws: ["ws://127.0.0.1:8080/v1/ws"],
    http: ["http://127.0.0.1:8080"],
    presence: "http://127.0.0.1:8081",
    processes: [{ role: "gateway", pid: 7, node: "gw-1", address: "ws://127.0.0.1:8080/v1/ws" }],
    data,
    management: ["http://127.0.0.1:9"],
  };
}

function capture(): () => string {
  const written: string[] = [];
  const spy = vi.spyOn(process.stdout, "write").mockImplementation((chunk) => {
    written.push(String(chunk));
    return true;
  });
  onTestFinished(() => spy.mockRestore());
  return () => written.join("");
}

test("without a terminal: plain lines, then one line that a script can read", async () => {
  const ready = await createReady();
  const output = capture();
  const screen = createScreen(false);
  screen.say("store: open");
  await screen.ready(ready);
  const [first, second, rest] = output().split("\n");
  expect(first).toBe("store: open");
  expect(second?.startsWith("ready {")).toBe(true);
  expect(JSON.parse(second?.slice("ready ".length) ?? "")).toEqual(ready);
  expect(rest).toBe("");
});

test("on a terminal: addresses, two demo users with tokens, and how to chat", async () => {
  const ready = await createReady();
  const output = capture();
  await createScreen(true).ready(ready);
  expect(output()).toContain("ws://127.0.0.1:8080/v1/ws");
  expect(output()).toMatch(/ada {4}[\w-]+\.[\w-]+\.[\w-]+/);
  expect(output()).toMatch(/grace {2}[\w-]+\.[\w-]+\.[\w-]+/);
  expect(output()).toContain(`npm run chat -- --as ada --data ${ready.data}`);
  expect(output()).not.toContain("ready {");
});
