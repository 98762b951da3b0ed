import { appendFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createCoroner } from "./coroner.ts";

async function create() {
  const folder = await mkdtemp(join(tmpdir(), "parley-coroner-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, "trouble.jsonl");
  const coroner = createCoroner(file, () => {});
  const note = (how: { code?: number; signal?: NodeJS.Signals; isWanted?: boolean }, pid = 1): void => {
    const { code = null, signal = null, isWanted = false } = how;
    coroner.note({ spec: { node: "chat-1", role: "chat-server", environment: {} }, pid, code, signal, isWanted });
  };
  const trouble = (pid: number): Promise<void> =>
    appendFile(file, `${JSON.stringify({ node: "chat-1", pid, kind: "uncaughtException", text: "boom" })}\n`);
  return { coroner, note, trouble };
}

test("an end that nobody asked for is a complaint", async () => {
  const { coroner, note } = await create();
  note({ code: 1 });
  expect(await coroner.complaints()).toEqual(["chat-1 ended: exit code 1"]);
});

test("an end that was meant is none, and the next one like it is", async () => {
  const { coroner, note } = await create();
  coroner.expect("chat-1", "SIGKILL");
  note({ signal: "SIGKILL" });
  expect(await coroner.complaints()).toEqual([]);
  note({ signal: "SIGKILL" });
  expect(await coroner.complaints()).toEqual(["chat-1 ended: SIGKILL"]);
});

test("another end than the one that was meant is a complaint", async () => {
  const { coroner, note } = await create();
  coroner.expect("chat-1", 0);
  note({ code: 1 });
  expect(await coroner.complaints()).toEqual(["chat-1 ended: exit code 1"]);
});

test("a process that is told to end must do so without being killed", async () => {
  const { coroner, note } = await create();
  note({ code: 0, isWanted: true });
  note({ signal: "SIGKILL", isWanted: true });
  expect(await coroner.complaints()).toEqual(["chat-1 ended: SIGKILL"]);
});

test("an exception that nobody caught is a complaint, except of a process that was made to fall", async () => {
  const { coroner, note, trouble } = await create();
  coroner.expectAnything("chat-1");
  await trouble(7);
  note({ signal: "SIGABRT" }, 7);
  coroner.expectNothing("chat-1");
  expect(await coroner.complaints()).toEqual([]);
  await trouble(8);
  expect(await coroner.complaints()).toEqual(["chat-1: uncaughtException: boom"]);
});
