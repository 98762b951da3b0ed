import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Connection, createMemoryCluster, type PresenceRegistry } from "@parley/cluster";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { historyOf } from "../history/history.ts";
import type { HistoryLine } from "../history/lines.ts";
import { isMissing } from "../system/harness.ts";
import { checkHistory } from "./check.ts";
import { checkAllWithPython, disagreements } from "./check-with-python.ts";
import type { Invariant } from "./violation.ts";

/**
 * The mutants of the list of faults, planted in the production modules by the deterministic simulation. `seed`: where
 * one was seen to be caught; should the simulation draw otherwise by now, it is hunted.
 */
const named: readonly { readonly name: string; readonly finds: readonly Invariant[]; readonly seed: number }[] = [
  { name: "ack before persist", finds: ["C1"], seed: 6 },
  { name: "publish before commit", finds: ["C7"], seed: 47 },
  { name: "treat a timeout as failed and take the next seq", finds: ["C3"], seed: 6 },
  { name: "ack a duplicate without reading it back", finds: ["C1"], seed: 234 },
  { name: "no dedupe in the relay", finds: ["C4"], seed: 20 },
  { name: "no head check after Redis comes back", finds: ["C9"], seed: 3 },
  { name: "head read before SUBSCRIBE is confirmed", finds: ["C9"], seed: 103 },
  { name: "membership cached for 5 s", finds: ["C11", "R5"], seed: 1 },
  { name: "a new id on retry", finds: ["C2"], seed: 58 },
  // A removed member writes, since the removal in the slot before failed; or one's own order is lost.
  { name: "an unordered run", finds: ["R5", "C6", "C3"], seed: 1222 },
  { name: "rights judged at the session only", finds: ["R5"], seed: 1 },
  { name: "a refusal from a stale home", finds: ["C11"], seed: 29 },
  { name: "conflict against an event in flight", finds: ["C11"], seed: 1406 },
  { name: "the old attachment's frames accepted", finds: ["C4"], seed: 6 },
  { name: "hand-over with the server's cursor", finds: ["C4"], seed: 11 },
];

const script = fileURLToPath(new URL("../../../../chat-server/src/simulation/export-mutants.ts", import.meta.url));
const hasPython = spawnSync("python3", ["--version"], { stdio: "ignore" }).status === 0;
const withoutPython = isMissing("python3", hasPython, "that both checkers catch the mutants of the list by name");

interface Judged {
  readonly ours: Readonly<Record<Invariant, number>>;
  readonly theirs: Readonly<Record<Invariant, number>>;
}

/** Runs of one mutant and their controls, as both checkers judge them. */
interface Hunt {
  readonly mutant: Judged[];
  readonly control: Judged[];
}

const folders: string[] = [];
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true }))));

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "parley-mutants-"));
  folders.push(folder);
  return folder;
}

/** A production process imports no tool, nor a tool a process: the two meet in files. */
async function exportRuns(args: readonly string[], names: readonly string[]): Promise<string> {
  const out = await newFolder();
  const flags = ["--disable-warning=ExperimentalWarning", script, "--out", out, ...args];
  const child = spawn(process.execPath, [...flags, ...names], { stdio: ["ignore", "ignore", "pipe"] });
  const errors = child.stderr.setEncoding("utf8").toArray();
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`the simulation ended with ${code}: ${(await errors).join("")}`);
  return out;
}

async function judgeFolder(folder: string): Promise<readonly (Judged & { readonly file: string })[]> {
  const names = (await readdir(folder)).sort();
  const files = names.map((name) => join(folder, name));
  if (files.length === 0) return [];
  const histories = await Promise.all(files.map(readHistory));
  const verdicts = await checkAllWithPython(files);
  return histories.map((lines, index) => {
    const theirs = verdicts?.[index]?.counts;
    if (theirs === undefined) throw new Error("there is no python3");
    const { counts: ours } = checkHistory(historyOf(lines));
    expect(disagreements(ours, theirs), files[index]).toEqual([]);
    return { file: names[index] ?? "", ours, theirs };
  });
}

/** In the simulation no two wishes have the same text, so a text names its wish. */
async function readHistory(file: string): Promise<readonly HistoryLine[]> {
  const lines = (await readFile(file, "utf8")).split("\n").slice(0, -1);
  const history = lines.map((json): HistoryLine => {
    const line: HistoryLine = JSON.parse(json);
    if (line.line !== "invoke" || line.type !== "send" || line.content.text === undefined) return line;
    return { ...line, wish: line.content.text };
  });
  await writeFile(file, history.map((line) => `${JSON.stringify(line)}\n`).join(""));
  return history;
}

function isCaught(hunt: Hunt, finds: readonly Invariant[]): boolean {
  return hunt.mutant.some(({ ours, theirs }) =>
    finds.some((invariant) => ours[invariant] > 0 && theirs[invariant] > 0),
  );
}

/** By the name that the script makes of a mutant's for its files. */
async function hunt(args: readonly string[], names: readonly string[]): Promise<ReadonlyMap<string, Hunt>> {
  const hunts = new Map<string, Hunt>();
  for (const { file, ...judged } of await judgeFolder(await exportRuns(args, names))) {
    const [mutant = "", , kind] = file.split(".");
    const found = hunts.get(mutant) ?? { mutant: [], control: [] };
    hunts.set(mutant, found);
    found[kind === "control" ? "control" : "mutant"].push(judged);
  }
  return hunts;
}

const fileOf = (name: string): string => name.replaceAll(/[^a-zA-Z0-9]+/g, "-");
const nothing: Hunt = { mutant: [], control: [] };

describe.skipIf(withoutPython)("both checkers catch by name", { timeout: 300_000 }, () => {
  let quick: ReadonlyMap<string, Hunt> = new Map();

  beforeAll(async () => {
    quick = await hunt(
      [],
      named.map(({ name, seed }) => `${name}@${seed}`),
    );
  }, 120_000);

  test.each(named)("$name", async ({ name, finds }) => {
    let found = quick.get(fileOf(name)) ?? nothing;
    if (!isCaught(found, finds)) {
      found = (await hunt(["--runs", "4000", "--each", "300"], [name])).get(fileOf(name)) ?? nothing;
    }
    expect(isCaught(found, finds), `${found.mutant.length} runs`).toBe(true);
    // With the mutation left out, and only the layers off that would repair it, nothing is found in the same runs.
    expect(found.control.length).toBe(found.mutant.length);
    for (const { ours } of found.control) expect(Object.values(ours).every((count) => count === 0)).toBe(true);
  });
});

/** Two devices of one person come, one goes; `remove` as presence has it or as a mutant would. */
async function tellPresence(remove: (presence: PresenceRegistry, user: string, gone: Connection) => Promise<void>) {
  const cluster = createMemoryCluster();
  const load = { sessions: 0, eventLoopDelayMs: 0, cpu: 0 };
  const info = { node: "chat-1", role: "chat-server", address: "tcp://127.0.0.1:1", process: "p1", weight: 1 } as const;
  const { node, epoch } = await cluster.registry.join({ ...info, state: "up", load });
  const devices = ["phone", "desk"].map((device, index): Connection => {
    return { connection: `socket-${index}`, device, gateway: "gateway-1", node, epoch, since: 1 };
  });
  for (const one of devices) await cluster.presence.put("ada", one);
  const [phone] = devices;
  if (phone === undefined) throw new Error("nobody came");
  await remove(cluster.presence, "ada", phone);
  const shown = (await cluster.presence.query(["ada"])).get("ada")?.connections.length ?? 0;
  await cluster.close();
  const lines: HistoryLine[] = [{ line: "terms", at: 0, presenceWithinMs: 10 }];
  for (const [connection, { device }] of devices.entries()) {
    lines.push({ line: "connected", at: 1, connection, user: "ada", device, cursors: {}, isChained: true });
    lines.push({ line: "resumed", at: 1, connection, heads: {}, hasMore: false });
  }
  lines.push({ line: "closed", at: 2, connection: 0, code: 1000 });
  lines.push({ line: "presence", at: 101, askedAt: 100, user: "ada", status: shown > 0 ? "online" : "offline" });
  return lines;
}

describe.skipIf(withoutPython)("presence deleted by user instead of by connection", () => {
  let right: Judged | undefined;
  let wrong: Judged | undefined;

  beforeAll(async () => {
    const stories = [
      await tellPresence((presence, user, { connection }) => presence.remove(user, connection, 2)),
      await tellPresence(async (presence, user) => {
        const known = (await presence.query([user])).get(user)?.connections ?? [];
        for (const { connection } of known) await presence.remove(user, connection, 2);
      }),
    ];
    const folder = await newFolder();
    for (const [index, lines] of stories.entries()) {
      const text = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
      await writeFile(join(folder, `${index}.jsonl`), text);
    }
    [right, wrong] = await judgeFolder(folder);
  });

  test("is caught by both checkers as R21", () => {
    expect([wrong?.ours.R21, wrong?.theirs.R21]).toEqual([1, 1]);
  });

  test("and by connection it is right", () => {
    expect([right?.ours.R21, right?.theirs.R21]).toEqual([0, 0]);
  });
});
