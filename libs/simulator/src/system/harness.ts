import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { Fields } from "../history/content.ts";
import { openWire, type Wire } from "../run/wire.ts";
import { type System, type SystemOptions, startSystem } from "../target/system.ts";
import { createTokens } from "../target/tokens.ts";

/** A running system, and a way in for anybody. */
export interface Harness {
  readonly system: System;
  readonly tokenOf: (user: string, scope?: string) => string;
  /** A bare client of this user, on the first gateway or the one named. */
  open(user: string, options?: OpenOptions): Promise<Wire>;
}

export interface OpenOptions {
  readonly device?: string;
  readonly cursors?: Readonly<Record<string, number>>;
  readonly gateway?: number;
}

/** A new folder, gone after the test. */
export async function createDataFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "parley-system-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Starts a system that ends with the test. */
export async function createHarness(options: SystemOptions): Promise<Harness> {
  const harness = await startHarness(options);
  onTestFinished(async () => void (await harness.system.stop()));
  return harness;
}

/** For a system that several tests share; whoever calls this stops it. */
export async function startHarness(options: SystemOptions): Promise<Harness> {
  const system = await startSystem(options);
  const tokenOf = await createTokens(system.data);
  return {
    system,
    tokenOf,
    open(user, { device = "test", cursors, gateway = 0 } = {}) {
      const url = system.ws[gateway] ?? "";
      return openWire({ url, token: tokenOf(user), device, ...(cursors === undefined ? {} : { cursors }) });
    },
  };
}

/** Makes a group and resolves to its id. */
export async function createGroup(wire: Wire, id: string, members: readonly string[]): Promise<string> {
  const answer = await wire.request({ type: "channel.create", id, kind: "group", members });
  return must(answer, "result")["channel"] as string;
}

/** Sends until it is acked: `unavailable` is no failure but a wish to be asked again. */
export async function sendUntilAcked(wire: Wire, frame: Fields): Promise<Fields> {
  for (;;) {
    const from = wire.frames.length;
    wire.send({ type: "send", ...frame });
    const answer = await wire.find(
      (one) => wire.frames.indexOf(one) >= from && one["id"] === frame["id"] && one["type"] !== "event",
    );
    if (answer["type"] === "ack" || answer["retryable"] !== true) return must(answer, "ack");
    await new Promise((resolve) => setTimeout(resolve, Number(answer["retryAfterMs"] ?? 100)));
  }
}

/** The whole log of a channel, as one of its members reads it. */
export async function readLog(wire: Wire, channel: string): Promise<readonly Fields[]> {
  const events: Fields[] = [];
  for (let page = 0; ; page++) {
    const id = `log-${wire.frames.length}-${page}`;
    const after = Number(events.at(-1)?.["seq"] ?? 0);
    const answer = must(await wire.request({ type: "history", id, channel, after, limit: 200 }), "result");
    events.push(...(answer["events"] as Fields[]));
    if (answer["complete"] === true) return events;
  }
}

/** **Errors**: throws with the whole frame where it is of another type. */
export function must(frame: Fields, type: string): Fields {
  if (frame["type"] !== type) throw new Error(`expected ${type}, got ${JSON.stringify(frame)}`);
  return frame;
}

/**
 * Why a suite can't run here, said loudly; undefined where it can. With `CI` set a missing part is a failure, since
 * nobody reads the lines of a green run.
 */
export function isMissing(what: string, isThere: boolean, serves: string): boolean {
  if (isThere) return false;
  if (process.env["CI"] !== undefined) throw new Error(`MISSING: ${what}; without it ${serves} is not tested`);
  process.stderr.write(`\nNOT TESTED: ${serves}, since ${what} is missing\n`);
  return true;
}
