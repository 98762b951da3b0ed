import { requireServer } from "@parley/servers/testing";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { message, messages } from "../testing/contract/subject.ts";
import { startCuttingProxy } from "../testing/cutting-proxy.ts";
import { type ClaimDocument, toClaim } from "./claims.ts";
import { type Collections, openCollections } from "./collections.ts";
import { JoinedAppends } from "./joined-appends.ts";

const server = await requireServer("mongodb");
const channels = Array.from({ length: 120 }, (_, at) => `c${at}`);

async function open(url = server?.url ?? "") {
  const collections = await openCollections({
    url,
    database: "parley-joined-appends",
    connectionsMax: 8,
    selectionTimeoutMs: 2_000,
    answerTimeoutMs: 1_000,
  });
  onTestFinished(async () => {
    await collections.db.dropDatabase();
    await collections.client.close();
  });
  return { collections, joined: new JoinedAppends(collections), commands: vi.spyOn(collections.db, "command") };
}

async function seqsOf({ events }: Collections, channel: string): Promise<readonly number[]> {
  const found = await events.find({ channel }).toArray();
  return found.map(({ seq }) => seq).sort((a, b) => a - b);
}

describe.skipIf(server === undefined)("joined appends", () => {
  test("the runs of many channels go in a few commands; one by itself goes at once", async () => {
    const { collections, joined, commands } = await open();
    const outcomes = await Promise.all(channels.map((channel) => joined.append([message(channel, 1)])));
    expect(outcomes).toEqual(channels.map(() => ({ kind: "appended" })));
    expect(commands).toHaveBeenCalledTimes(Math.ceil(channels.length / 50));
    for (const channel of channels) expect(await seqsOf(collections, channel)).toEqual([1]);
    expect(await joined.append([message("c0", 2)])).toEqual({ kind: "appended" });
    expect(commands).toHaveBeenCalledTimes(Math.ceil(channels.length / 50) + 1);
  });

  test("a run that is refused in its middle is told where, and neither its rest nor another run pays for it", async () => {
    const { collections, joined } = await open();
    await joined.append([{ ...message("c5", 3), id: "of-somebody-else" }]);
    const runs = channels.slice(0, 10).map((channel) => messages(channel, 1, 4));
    const outcomes = await Promise.all(runs.map((run) => joined.append(run)));
    expect(outcomes).toEqual(runs.map((_, at) => (at === 5 ? { kind: "refused", at: 2 } : { kind: "appended" })));
    for (const [at, channel] of channels.slice(0, 10).entries()) {
      expect(await seqsOf(collections, channel)).toEqual(at === 5 ? [1, 2, 3] : [1, 2, 3, 4]);
    }
  });

  test("a claim of an earlier attempt is extended, and the runs behind it go in", async () => {
    const { collections, joined } = await open();
    await collections.claims.insertOne(toClaim(message("c1", 2)));
    const runs = channels.slice(0, 4).map((channel) => messages(channel, 1, 3));
    const outcomes = await Promise.all(runs.map((run) => joined.append(run)));
    expect(outcomes).toEqual(runs.map(() => ({ kind: "appended" })));
    for (const channel of channels.slice(0, 4)) expect(await seqsOf(collections, channel)).toEqual([1, 2, 3]);
    const claim: ClaimDocument | null = await collections.claims.findOne({ _id: toClaim(message("c1", 2))._id });
    expect(Object.keys(claim?.more ?? {})).toHaveLength(1);
  });

  test("two runs for the same seq: one is in, the other refused", async () => {
    const { joined } = await open();
    const other = { ...message("c0", 1), id: "another" };
    const outcomes = await Promise.all([joined.append([message("c0", 1)]), joined.append([other])]);
    expect(outcomes).toEqual([{ kind: "appended" }, { kind: "refused", at: 0 }]);
  });

  test("a command without an answer is an error for each whose run was in it, and for nobody later", async () => {
    const proxy = await startCuttingProxy(server?.url ?? "");
    onTestFinished(() => proxy.close());
    const { joined } = await open(proxy.url);
    await joined.append([message("warm", 1)]);
    proxy.holdAnswers(true);
    const asked = channels.slice(0, 20).map((channel) => joined.append([message(channel, 1)]));
    const outcomes = await Promise.allSettled(asked);
    expect(outcomes.map(({ status }) => status)).toEqual(asked.map(() => "rejected"));
    proxy.holdAnswers(false);
    await expect
      .poll(() => joined.append([message("later", 1)]).catch(() => undefined), { timeout: 5_000 })
      .toBeDefined();
  });
});
