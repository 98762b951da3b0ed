import type { LogEvent } from "@parley/store";
import { expect, test } from "vitest";
import { ChannelLog } from "./channel-log.ts";
import type { ChannelLogEffects, Lookup } from "./channel-log-effects.ts";
import { contentHash } from "./content-hash.ts";
import { ChannelFold } from "./fold.ts";
import type { Answer, AppendRequest, Wish } from "./request.ts";

/** The steps that a log asks for, answered by hand. */
class Steps implements ChannelLogEffects<string> {
  readonly asked: {
    readonly step: string;
    readonly token: number;
    readonly events?: readonly LogEvent[];
    readonly lookup?: Lookup;
  }[] = [];
  readonly answers: { readonly asker: string; readonly answer: Answer }[] = [];
  load(token: number): void {
    this.asked.push({ step: "load", token });
  }
  lookUp(token: number, lookup: Lookup): void {
    this.asked.push({ step: "lookUp", token, lookup });
  }
  markIn(token: number): void {
    this.asked.push({ step: "markIn", token });
  }
  append(token: number, events: readonly LogEvent[]): void {
    this.asked.push({ step: "append", token, events });
  }
  readOn(token: number): void {
    this.asked.push({ step: "readOn", token });
  }
  wait(token: number): void {
    this.asked.push({ step: "wait", token });
  }
  answer(asker: string, _request: AppendRequest, answer: Answer): void {
    this.answers.push({ asker, answer });
  }
  readonly told: number[] = [];
  settled(events: readonly LogEvent[]): void {
    this.told.push(...events.map(({ seq }) => seq));
  }
  surfaced(events: readonly LogEvent[]): void {
    this.settled(events);
  }

  /** The newest step, which must be of this kind. */
  next(step: string) {
    const last = this.asked.at(-1);
    expect(last?.step).toBe(step);
    if (last === undefined) throw new Error("nothing was asked for");
    return last;
  }
  answerOf(asker: string): Answer | undefined {
    return this.answers.find((one) => one.asker === asker)?.answer;
  }
}

const limits = { queueMax: 100, runMax: 10, membersMax: 10 };
const channel = "c";

function request(sender: string, id: string, wish: Wish, prev?: string): AppendRequest {
  const hash = contentHash("key", wish);
  return { channel, sender, id, hash, wish, ...(prev === undefined ? {} : { prev }) };
}

function event(seq: number, sender: string, id: string, wish: Wish, body: LogEvent["body"]): LogEvent {
  const hash = contentHash("key", wish);
  return { channel, seq, sender, id, time: 0, ordinal: 0, control: seq === 1 ? 0 : 1, hash, body };
}

const founding: Wish = { kind: "create", channelKind: "group", members: ["bob"] };
const created = event(1, "ada", "made", founding, {
  kind: "created",
  channelKind: "group",
  members: [
    { user: "ada", role: "owner" },
    { user: "bob", role: "member" },
  ],
});

function loaded(...events: readonly LogEvent[]) {
  const fold = new ChannelFold();
  for (const one of events) fold.apply(one);
  return { head: events.length, time: 0, ordinal: 0, fold, tail: events.slice(-1).map((one) => ({ event: one })) };
}

test("a direct channel that the other side has asked for is acked only once it is durable", () => {
  const steps = new Steps();
  const log = new ChannelLog(channel, steps, limits);
  log.offer(request("ada", "a1", { kind: "create", channelKind: "direct", members: ["bob"] }), "ada", 0);
  log.offer(request("bob", "b1", { kind: "create", channelKind: "direct", members: ["ada"] }), "bob", 0);
  log.onLoaded(steps.next("load").token, loaded());
  log.onLookedUp(steps.next("lookUp").token, [], []);
  log.onMarked(steps.next("markIn").token);
  const run = steps.next("append");
  expect(run.events?.map(({ sender }) => sender)).toEqual(["ada"]);
  expect(steps.answers).toEqual([]);
  log.onAppended(run.token, { kind: "appended" });
  expect(steps.answerOf("bob")).toMatchObject({ ok: true, seq: 1, isDuplicate: true });
});

test("a run goes on as it was judged only where what is in of it is our own", () => {
  const steps = new Steps();
  const log = new ChannelLog(channel, steps, limits);
  log.offer(request("ada", "a1", { kind: "message", text: "hello" }), "ada", 5);
  log.offer(request("bob", "b1", { kind: "message", text: "hello" }), "bob", 5);
  log.onLoaded(steps.next("load").token, loaded(created));
  const run = steps.next("append");
  expect(run.events?.map(({ seq, sender }) => [seq, sender])).toEqual([
    [2, "ada"],
    [3, "bob"],
  ]);
  log.onFailed(run.token);
  // At another server ada used the same id to remove bob, and that got in.
  const removal: Wish = { kind: "remove", user: "bob" };
  const foreign = event(2, "ada", "a1", removal, { kind: "member", user: "bob", change: "removed" });
  log.onRead(steps.next("readOn").token, [foreign], true);
  expect(steps.answerOf("ada")).toMatchObject({ ok: false, code: "conflict" });
  log.onLookedUp(steps.next("lookUp").token, [], []);
  log.onRead(steps.next("readOn").token, [], true);
  expect(steps.answerOf("bob")).toMatchObject({ ok: false, code: "not_member" });
});

test("a predecessor above the known head is read, not waited for", () => {
  const steps = new Steps();
  const log = new ChannelLog(channel, steps, limits);
  log.offer(request("bob", "b2", { kind: "message", text: "two" }, "b1"), "bob", 0);
  log.onLoaded(steps.next("load").token, loaded(created));
  // Another server has appended it since.
  const text: Wish = { kind: "message", text: "one" };
  const first = event(2, "bob", "b1", text, { kind: "message", text: "one" });
  log.onLookedUp(steps.next("lookUp").token, [], [{ event: first }]);
  log.onRead(steps.next("readOn").token, [first], true);
  expect(steps.next("append").events?.map(({ seq, id }) => [seq, id])).toEqual([[3, "b2"]]);
});

test("a retry is not refused by a read that had begun before it came", () => {
  const steps = new Steps();
  const log = new ChannelLog(channel, steps, limits);
  const wish: Wish = { kind: "message", text: "may I?" };
  log.offer(request("cyd", "c1", wish), "first", 0);
  log.onLoaded(steps.next("load").token, loaded(created));
  log.onLookedUp(steps.next("lookUp").token, [], []);
  const { token } = steps.next("readOn");
  log.offer(request("cyd", "c1", wish), "again", 1);
  log.onRead(token, [], true);
  expect(steps.answers).toEqual([]);
  const invited = event(
    2,
    "ada",
    "a1",
    { kind: "invite", user: "cyd" },
    { kind: "member", user: "cyd", change: "joined" },
  );
  log.onRead(steps.next("readOn").token, [invited], true);
  const run = steps.next("append");
  log.onAppended(run.token, { kind: "appended" });
  expect(steps.answerOf("first")).toMatchObject({ ok: true, seq: 3, isDuplicate: false });
  expect(steps.answerOf("again")).toMatchObject({ ok: true, seq: 3, isDuplicate: true });
});

test("after the log was forgotten, what was looked up is looked up anew", () => {
  const steps = new Steps();
  const log = new ChannelLog(channel, steps, limits);
  const text: Wish = { kind: "message", text: "old" };
  const old = event(2, "bob", "b0", text, { kind: "message", text: "old" });
  const foreign = (seq: number): LogEvent => event(seq, "ada", `a${seq}`, text, { kind: "message", text: "old" });
  log.offer(request("bob", "b1", { kind: "edit", target: 2, text: "new" }), "bob", 0);
  log.onLoaded(steps.next("load").token, loaded(created, old, foreign(3)));
  log.onLookedUp(steps.next("lookUp").token, [{ event: old }], []);
  const run = steps.next("append");
  log.forget();
  log.onAppended(run.token, { kind: "refused", at: 0 });
  log.onRead(steps.next("readOn").token, [foreign(4)], true);
  log.onLoaded(steps.next("load").token, loaded(created, old, foreign(3), foreign(4)));
  expect(steps.next("lookUp").lookup?.targets).toEqual([2]);
});

test("every hole of a restored log is filled before anything else is numbered, and what lies above is told", () => {
  const steps = new Steps();
  const log = new ChannelLog(channel, steps, limits);
  const text: Wish = { kind: "message", text: "restored" };
  const restored = (seq: number): LogEvent => event(seq, "ada", `a${seq}`, text, { kind: "message", text: "restored" });
  const noop = (seq: number): LogEvent => event(seq, "parley", `~noop-${seq}`, { kind: "noop" }, { kind: "noop" });
  log.offer(request("bob", "b1", text), "bob", 0);
  // 2, 3 and 5 are missing.
  log.onLoaded(steps.next("load").token, { ...loaded(created), aboveHole: 4 });
  const first = steps.next("append");
  expect(first.events?.map(({ seq, id }) => [seq, id])).toEqual([
    [2, "~noop-2"],
    [3, "~noop-3"],
  ]);
  log.onAppended(first.token, { kind: "appended" });
  const upTo4 = [created, noop(2), noop(3), restored(4)];
  log.onLoaded(steps.next("load").token, { ...loaded(...upTo4), aboveHole: 6 });
  const second = steps.next("append");
  expect(second.events?.map(({ seq, id }) => [seq, id])).toEqual([[5, "~noop-5"]]);
  log.onAppended(second.token, { kind: "appended" });
  log.onLoaded(steps.next("load").token, loaded(...upTo4, noop(5), restored(6)));
  expect(steps.next("append").events?.map(({ seq, id }) => [seq, id])).toEqual([[7, "b1"]]);
  expect(steps.told).toEqual([2, 3, 4, 5, 6]);
});
