import type { ClientFrame, EventFrame } from "@parley/protocol";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createClient } from "./client.ts";
import { createFastClock, ManualClock, ScriptedServer } from "./testing.ts";
import type { Client, ClientOptions, ConnectionState } from "./types.ts";

let server: ScriptedServer;
const clients: Client[] = [];

beforeEach(async () => {
  server = await ScriptedServer.start();
});
afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
  await server.close();
});

function make(options: Partial<ClientOptions> = {}): Client {
  const client = createClient({
    ...(options.urls === undefined ? { url: server.url } : {}),
    token: () => "ada",
    device: "phone",
    clock: createFastClock(50),
    ...options,
  });
  clients.push(client);
  return client;
}

function collect(client: Client): EventFrame[] {
  const events: EventFrame[] = [];
  client.on("event", (event) => {
    events.push(event);
  });
  return events;
}

function received<T extends ClientFrame["type"]>(type: T): readonly Extract<ClientFrame, { type: T }>[] {
  return server.received.filter((frame): frame is Extract<ClientFrame, { type: T }> => frame.type === type);
}

test("a message is queued, sending, sent, and comes back as an event with its id", async () => {
  server.addChannel("c", ["ada"]);
  const client = make();
  const events = collect(client);
  const states: string[] = [];
  client.on("request", ({ state }) => {
    states.push(state);
  });
  await client.connect();
  const handle = client.send("c", { text: "hello" });
  const ack = await handle.settled;
  expect(ack).toMatchObject({ id: handle.id, channel: "c", seq: 1 });
  await vi.waitFor(() => expect(events).toMatchObject([{ seq: 1, text: "hello", id: handle.id }]));
  expect(states).toEqual(["queued", "sending", "sent"]);
});

test("what is sent before connecting goes out with the first session", async () => {
  const channel = server.addChannel("c", ["ada"]);
  const client = make();
  const handle = client.send("c", { text: "early" });
  expect(handle.state).toBe("queued");
  await client.connect();
  await handle.settled;
  expect(channel.texts()).toEqual(["early"]);
});

test("a channel is live from the head that welcome names, and resumes from the cursor after a cut", async () => {
  const channel = server.addChannel("c", ["ada", "bob"]);
  channel.say("bob", "before");
  const client = make();
  const events = collect(client);
  await client.connect();
  channel.say("bob", "live");
  await vi.waitFor(() => expect(events).toHaveLength(1));
  for (const session of server.sessions) session.cut();
  channel.say("bob", "missed");
  await vi.waitFor(() => expect(events).toHaveLength(2));
  expect(events.map(({ seq }) => seq)).toEqual([2, 3]);
  expect(received("hello").at(-1)?.cursors).toEqual({ c: 2 });
});

test("a channel joined while away is handed over from the join", async () => {
  const client = make();
  const events = collect(client);
  await client.connect();
  for (const session of server.sessions) session.cut();
  const channel = server.addChannel("new", ["ada", "bob"]);
  channel.say("bob", "welcome, ada");
  await vi.waitFor(() => expect(events).toMatchObject([{ channel: "new", seq: 1 }]));
});

test("channels that hello had no room for are compared with their heads and read", async () => {
  const channels = ["a", "b", "c", "d"].map((name) => server.addChannel(name, ["ada", "bob"]));
  const client = make({ limits: { helloCursorsMax: 1 } });
  const events = collect(client);
  await client.connect();
  for (const session of server.sessions) session.cut();
  for (const channel of channels) channel.say("bob", "missed");
  await vi.waitFor(() => expect(events).toHaveLength(4));
  expect(Object.keys(received("hello").at(-1)?.cursors ?? {})).toHaveLength(1);
});

test("a reset is told, the cursor goes to the head, and later events follow", async () => {
  const channel = server.addChannel("c", ["ada", "bob"]);
  channel.say("bob", "one");
  const client = make({ cursors: { c: 9 } });
  const seen: string[] = [];
  client.on("reset", ({ head }) => {
    seen.push(`reset ${head}`);
  });
  client.on("event", ({ seq }) => {
    seen.push(`event ${seq}`);
  });
  await client.connect();
  channel.say("bob", "two");
  await vi.waitFor(() => expect(seen).toEqual(["reset 1", "event 2"]));
});

test("history, channels, create, invite, role, remove and leave are answered", async () => {
  const channel = server.addChannel("c", ["ada", "bob"]);
  for (const text of ["a", "b", "c"]) channel.say("bob", text);
  const client = make();
  await client.connect();
  const page = await client.history("c", { before: 3, limit: 1 });
  expect(page.events.map(({ seq }) => seq)).toEqual([2]);
  expect(page.complete).toBe(false);
  expect((await client.channels()).channels.map((entry) => entry.channel)).toEqual(["c"]);
  const made = await client.createChannel({ kind: "group", members: ["bob"], name: "plans" });
  expect(server.channels.has(made.channel)).toBe(true);
  expect((await client.invite("c", "eve")).seq).toBe(4);
  expect((await client.setRole("c", "eve", "reader")).seq).toBe(5);
  expect((await client.remove("c", "eve")).seq).toBe(6);
  expect((await client.leave("c")).seq).toBe(7);
});

test("edit, delete and react stand in the same chain as sends", async () => {
  const channel = server.addChannel("c", ["ada"]);
  const client = make();
  await client.connect();
  client.send("c", { text: "teh" });
  client.edit("c", 1, "the");
  client.react("c", 1, "👍");
  await client.delete("c", 1).settled;
  expect(channel.log.map(({ kind }) => kind)).toEqual(["message", "edit", "reaction", "delete"]);
  const [send, edit, react] = server.received.filter((frame) => "prev" in frame || frame.type === "send");
  expect(edit).toMatchObject({ prev: send && "id" in send ? send.id : "" });
  expect(react).toMatchObject({ prev: edit && "id" in edit ? edit.id : "" });
});

test("a call keeps its id over a reconnect, so one wish makes one channel", async () => {
  const client = make();
  await client.connect();
  let cuts = 0;
  server.script = {
    turn: (frame) => {
      if (frame.type !== "channel.create" || cuts >= 2) return "serve";
      cuts += 1;
      return "cut-after";
    },
  };
  const { channel } = await client.createChannel({ kind: "group", members: ["bob"] });
  expect([...server.channels.keys()]).toEqual([channel]);
  expect(new Set(received("channel.create").map(({ id }) => id)).size).toBe(1);
});

test("a call without an answer ends with timeout, and says whether it may have taken effect", async () => {
  server.addChannel("c", ["ada"]);
  server.script = { turn: (frame) => (frame.type === "history" || frame.type === "channel.invite" ? "lose" : "serve") };
  const client = make({ limits: { callTimeoutMs: 500 } });
  await client.connect();
  await expect(client.history("c")).rejects.toMatchObject({ code: "timeout", isUnknown: false });
  await expect(client.invite("c", "bob")).rejects.toMatchObject({ code: "timeout", isUnknown: true });
});

test("a refused call rejects with the server's code", async () => {
  const client = make();
  await client.connect();
  await expect(client.history("nowhere")).rejects.toMatchObject({ code: "not_member", isUnknown: false });
});

test("at callsMax a call is refused and the bound is named", async () => {
  const client = make({ limits: { callsMax: 1 } });
  const firstRefused = expect(client.history("c")).rejects.toMatchObject({ code: "closed" });
  await expect(client.history("c")).rejects.toThrow("callsMax: 1");
  await client.close();
  await firstRefused;
});

test("close settles every promise, and the client stays closed", async () => {
  server.addChannel("c", ["ada"]);
  server.script = { turn: () => "lose" };
  const client = make();
  await client.connect();
  const handle = client.send("c", { text: "a" });
  const pageRefused = expect(client.history("c")).rejects.toMatchObject({ code: "closed" });
  await vi.waitFor(() => expect(handle.state).toBe("sending"));
  await client.close();
  await expect(handle.settled).rejects.toMatchObject({ code: "closed", isUnknown: true });
  await pageRefused;
  await expect(client.connect()).rejects.toMatchObject({ code: "closed" });
  await vi.waitFor(() => expect(server.sessions.size).toBe(0));
});

test("connect rejects when the client is closed before a welcome", async () => {
  server.script = { greet: () => 4503 };
  const client = make();
  const connecting = client.connect();
  const closed = expect(connecting).rejects.toMatchObject({ code: "closed" });
  await vi.waitFor(() => expect(received("hello").length).toBeGreaterThan(1));
  await client.close();
  await closed;
});

test("4401 asks for another token once; a second refusal stops, and connect may be called again", async () => {
  const reasons: string[] = [];
  server.script = { greet: (hello) => (hello.token === "ada" ? undefined : 4401) };
  let token = "expired";
  const client = make({
    token: (reason) => {
      reasons.push(reason);
      return token;
    },
  });
  await expect(client.connect()).rejects.toMatchObject({ code: "stopped" });
  expect(reasons).toEqual(["connect", "rejected"]);
  expect(client.state).toMatchObject({ kind: "stopped", closeCode: 4401 });
  token = "ada";
  await client.connect();
  expect(client.user).toBe("ada");
});

test.each([4403, 4409])("close code %i stops: nothing is tried again", async (code) => {
  const client = make();
  await client.connect();
  for (const session of server.sessions) session.close(code);
  await vi.waitFor(() => expect(client.state).toMatchObject({ kind: "stopped", closeCode: code }));
  expect(received("hello")).toHaveLength(1);
});

test.each([1001, 4408, 4429, 4503])("close code %i reconnects", async (code) => {
  const client = make();
  await client.connect();
  for (const session of server.sessions) session.close(code);
  await vi.waitFor(() => expect(received("hello")).toHaveLength(2), { timeout: 5_000 });
});

test("a token provider that fails is asked again", async () => {
  let calls = 0;
  const client = make({
    token: () => {
      calls += 1;
      if (calls < 3) throw new Error("no network");
      return "ada";
    },
  });
  const errors: string[] = [];
  client.on("error", ({ code }) => {
    errors.push(code);
  });
  await client.connect();
  expect(errors).toEqual(["token_failed", "token_failed"]);
});

test("a reconnect frame is followed after its time, and what is sent meanwhile is not lost", async () => {
  const channel = server.addChannel("c", ["ada"]);
  const client = make();
  await client.connect();
  for (const session of server.sessions) session.send({ type: "reconnect", afterMs: 2_000, reason: "drain" });
  await client.send("c", { text: "still here" }).settled;
  await vi.waitFor(() => expect(received("hello")).toHaveLength(2));
  expect(channel.texts()).toEqual(["still here"]);
});

test("told before welcome to come back later, it comes back then and no sooner", async () => {
  const clock = createFastClock(50);
  const at: number[] = [];
  server.script = {
    greet: () => {
      at.push(clock.now());
      return at.length === 1 ? { afterMs: 20_000 } : undefined;
    },
  };
  await make({ clock }).connect();
  expect(at).toHaveLength(2);
  expect((at[1] ?? 0) - (at[0] ?? 0)).toBeGreaterThanOrEqual(20_000);
});

test("several addresses take turns", async () => {
  const other = await ScriptedServer.start();
  const client = make({ urls: [server.url, other.url], random: () => 0 });
  await client.connect();
  await server.close();
  await vi.waitFor(() => expect(other.sessions.size).toBe(1));
  await client.close();
  await other.close();
  server = await ScriptedServer.start();
});

test("a server that stays silent while an answer is owed is given up", async () => {
  server.addChannel("c", ["ada"]);
  const client = make();
  const reasons: string[] = [];
  client.on("state", (state: ConnectionState) => {
    if (state.kind === "waiting") reasons.push(state.reason);
  });
  await client.connect();
  server.isAlive = false;
  const handle = client.send("c", { text: "a" });
  await vi.waitFor(() => expect(reasons).toContain("the server does not answer"), { timeout: 5_000 });
  server.isAlive = true;
  await handle.settled;
});

test("a server that answers the probe is kept, however long it owes another answer", async () => {
  server.addChannel("c", ["ada"]);
  server.script = { turn: (frame) => (frame.type === "history" ? "lose" : "serve") };
  const client = make({ limits: { callTimeoutMs: 60_000 } });
  await client.connect();
  const page = client.history("c");
  await expect(page).rejects.toMatchObject({ code: "timeout" });
  expect(received("hello")).toHaveLength(1);
  expect(received("presence.unwatch").length).toBeGreaterThan(1);
});

test("the token is refreshed before it ends", async () => {
  const clock = createFastClock(50);
  const tokens: string[] = [];
  const token = (): string => {
    const claims = { sub: "ada", exp: (clock.now() + 20_000) / 1_000, n: tokens.length };
    const made = `e30.${btoa(JSON.stringify(claims)).replaceAll("=", "")}.x`;
    tokens.push(made);
    return made;
  };
  const client = make({ token, clock });
  await client.connect();
  await vi.waitFor(() => expect(received("refresh").length).toBeGreaterThanOrEqual(2), { timeout: 5_000 });
  expect(received("refresh").map((frame) => frame.token)).toEqual(tokens.slice(1, received("refresh").length + 1));
  expect(received("hello")).toHaveLength(1);
});

test("read marks go forward only, joined, and typing at most once in three seconds", async () => {
  server.addChannel("c", ["ada"]);
  const client = make();
  await client.connect();
  for (const seq of [3, 5, 4]) client.markRead("c", seq);
  client.typing("c");
  client.typing("c");
  await vi.waitFor(() => expect(received("read")).toMatchObject([{ channel: "c", seq: 5 }]));
  expect(received("typing")).toHaveLength(1);
});

test("watched users are watched again by the next session", async () => {
  const client = make({ limits: { watchedMax: 3 } });
  await client.connect();
  await client.watchPresence(["bob", "eve", "bob"]);
  await client.unwatchPresence(["eve"]);
  await expect(client.watchPresence(["x", "y", "z"])).rejects.toThrow("watchedMax: no more than 3");
  for (const session of server.sessions) session.cut();
  await vi.waitFor(() => expect(received("presence.watch").at(-1)?.users).toEqual(["bob"]));
});

test("receipts, typing and presence are told as they come", async () => {
  const client = make();
  const told: string[] = [];
  client.on("receipt", (frame) => {
    told.push(`${frame.user} read ${frame.read}`);
  });
  client.on("typing", (frame) => {
    told.push(`${frame.user} types`);
  });
  client.on("presence", (frame) => {
    told.push(`${frame.user} ${frame.status}`);
  });
  await client.connect();
  for (const session of server.sessions) {
    session.send({ type: "receipt", channel: "c", user: "bob", read: 4 });
    session.send({ type: "typing", channel: "c", user: "bob" });
    session.send({ type: "presence", user: "bob", status: "online" });
  }
  await vi.waitFor(() => expect(told).toEqual(["bob read 4", "bob types", "bob online"]));
});

test("frames of a newer server harm nothing: unknown types are ignored, an unknown kind of event keeps its number", async () => {
  const channel = server.addChannel("c", ["ada", "bob"]);
  const client = make();
  const events = collect(client);
  const errors: string[] = [];
  client.on("error", ({ code }) => {
    errors.push(code);
  });
  await client.connect();
  for (const session of server.sessions) {
    session.send({ type: "poll", question: "?" });
    session.send({ type: "event", channel: "d", seq: 1, kind: "sticker", sender: "bob", time: 1 });
    session.send({ type: "event", channel: "d", seq: 2, kind: "message", sender: "bob", time: 1, text: "seen" });
    session.send({ type: "ack" });
  }
  channel.say("bob", "fine");
  await vi.waitFor(() => expect(events.map((event) => `${event.channel}${event.seq}`)).toEqual(["d2", "c1"]));
  expect(errors).toEqual(["bad_server_frame"]);
});

test("our own removal ends the feed; coming back starts with the first event that we may see", async () => {
  const channel = server.addChannel("c", ["ada", "bob"]);
  const client = make();
  const events = collect(client);
  await client.connect();
  channel.append("bob", { kind: "member", user: "ada", change: "removed" });
  await vi.waitFor(() => expect(events).toHaveLength(1));
  expect(client.cursors()).toEqual({ c: 1 });
  channel.members.delete("ada");
  channel.say("bob", "not for ada");
  channel.members.add("ada");
  for (const session of server.sessions) {
    session.send({
      type: "event",
      channel: "c",
      seq: 3,
      kind: "member",
      sender: "bob",
      time: 1,
      user: "ada",
      change: "joined",
    });
  }
  await vi.waitFor(() => expect(events.map(({ seq }) => seq)).toEqual([1, 3]));
});

test("who was removed and let in again while the program did not run misses nothing of what came then", async () => {
  const channel = server.addChannel("c", ["ada", "bob"]);
  const client = make();
  const events = collect(client);
  await client.connect();
  channel.append("bob", { kind: "member", user: "ada", change: "removed" });
  await vi.waitFor(() => expect(events).toHaveLength(1));
  const cursors = client.cursors();
  await client.close();
  channel.append("bob", { kind: "member", user: "ada", change: "joined" });
  channel.say("bob", "welcome back");
  const restarted = make({ cursors });
  const later = collect(restarted);
  await restarted.connect();
  channel.say("bob", "and hello");
  await vi.waitFor(() => expect(later.map(({ seq }) => seq)).toEqual([2, 3, 4]));
});

test("of channels left, the last sixty-four are kept with the cursors", async () => {
  const client = make();
  const events = collect(client);
  await client.connect();
  const names = Array.from({ length: 66 }, (_, n) => `c${n}`);
  for (const name of names) server.addChannel(name, ["ada", "bob"]);
  for (const session of server.sessions) {
    for (const channel of names) {
      const change = { type: "event", channel, kind: "member", sender: "bob", time: 1, user: "ada" };
      session.send({ ...change, seq: 1, change: "joined" });
      session.send({ ...change, seq: 2, change: "removed" });
    }
  }
  await vi.waitFor(() => expect(events).toHaveLength(132));
  expect(Object.keys(client.cursors()).sort()).toEqual(names.slice(2).sort());
});

test("a handler that throws is told of, and the others hear the event all the same", async () => {
  const client = make();
  const errors: string[] = [];
  client.on("error", ({ code }) => {
    errors.push(code);
  });
  client.on("presence", () => {
    throw new Error("no");
  });
  const heard = vi.fn();
  client.on("presence", heard);
  await client.connect();
  for (const session of server.sessions) session.send({ type: "presence", user: "bob", status: "online" });
  await vi.waitFor(() => expect(heard).toHaveBeenCalledTimes(1));
  expect(errors).toEqual(["handler_failed"]);
});

test.each([
  [{ url: "ws://a", urls: ["ws://b"] }, "exactly one of url and urls"],
  [{}, "exactly one of url and urls"],
  [{ url: "ws://a", device: "no spaces" }, "options.device"],
])("options that cannot work are refused at once: %j", (options, message) => {
  expect(() => createClient({ token: () => "", device: "d", ...options })).toThrow(message);
});

test("waits between attempts grow until a session has lasted a minute; the first try after a session is always quick", async () => {
  // Time stands still but for what the waits ask of it, so that every wait can be read exactly.
  const clock = new ManualClock();
  const waits: number[] = [];
  const client = make({ clock, random: () => 0.5 });
  client.on("state", (state: ConnectionState) => {
    if (state.kind === "waiting") waits.push(state.retryAt - clock.now());
  });
  const failOnce = async (): Promise<void> => {
    const known = waits.length;
    clock.advance(waits.at(-1) ?? 0);
    await vi.waitFor(() => expect(waits).toHaveLength(known + 1));
  };
  const succeed = async (): Promise<void> => {
    server.script = {};
    clock.advance(waits.at(-1) ?? 0);
    await vi.waitFor(() => expect(client.state.kind).toBe("online"));
    server.script = { greet: () => 4503 };
  };
  const cut = async (): Promise<void> => {
    const known = waits.length;
    for (const session of server.sessions) session.cut();
    await vi.waitFor(() => expect(waits).toHaveLength(known + 1));
  };
  await client.connect();
  server.script = { greet: () => 4503 };
  await cut();
  for (let count = 0; count < 8; count += 1) await failOnce();
  expect(waits).toEqual([250, 250, 500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000]);
  await succeed();
  clock.advance(59_999);
  await cut();
  await failOnce();
  expect(waits.slice(-2)).toEqual([250, 15_000]);
  await succeed();
  clock.advance(60_000);
  await cut();
  await failOnce();
  expect(waits.slice(-2)).toEqual([250, 250]);
});
