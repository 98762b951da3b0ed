import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createFileStorage } from "@parley/client/node";
import { afterEach, beforeEach, expect, test } from "vitest";
import { claimDevice } from "./device.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "parley-device-"));
});
afterEach(() => rm(folder, { recursive: true }));

const request = (id: string) => ({ id, channel: "c", request: { type: "send", text: id } }) as const;

test("two terminals of one user are two devices; a released name is free again", async () => {
  const first = await claimDevice(folder, "ada");
  const second = await claimDevice(folder, "ada");
  const other = await claimDevice(folder, "grace");
  expect([first.device, second.device, other.device]).toEqual(["terminal", "terminal-2", "terminal"]);
  await first.release();
  expect((await claimDevice(folder, "ada")).device).toBe("terminal");
});

test("the claim of a process that is gone is taken over", async () => {
  await claimDevice(folder, "ada");
  // No process has this number: it is above the kernel's largest.
  await writeFile(join(folder, "terminal", "ada.terminal.lock"), "4194305");
  expect((await claimDevice(folder, "ada")).device).toBe("terminal");
});

test("what terminals that are gone left unsent goes out with the next one, once", async () => {
  const first = await claimDevice(folder, "ada");
  const second = await claimDevice(folder, "ada");
  await first.storage.put(request("a1"));
  await second.storage.put(request("b1"));
  await second.storage.put(request("b2"));
  await first.release();
  await second.release();
  const next = await claimDevice(folder, "ada");
  expect((await next.storage.load()).map(({ id }) => id)).toEqual(["a1", "b1", "b2"]);
  expect((await readdir(join(folder, "terminal"))).sort()).toEqual(["ada.terminal.lock", "ada.terminal.outbox"]);
});

test("what a running terminal has unsent stays its own", async () => {
  const first = await claimDevice(folder, "ada");
  const second = await claimDevice(folder, "ada");
  await second.storage.put(request("b1"));
  await first.release();
  expect(await (await claimDevice(folder, "ada")).storage.load()).toEqual([]);
  expect(await createFileStorage(join(folder, "terminal", "ada.terminal-2.outbox")).load()).toHaveLength(1);
});
