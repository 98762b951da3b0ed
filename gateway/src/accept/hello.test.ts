import { KeysUnavailableError, type TokenVerifier } from "@parley/auth";
import { expect, test, vi } from "vitest";
import { startRig, tokenFor } from "../testing/rig.ts";

test("hello with a good token is placed, attached and welcomed", async () => {
  const rig = await startRig();
  const server = await rig.chatServer("chat-1");
  const client = await rig.client();
  expect(client.ws.protocol).toBe("parley.v1");
  client.hello(tokenFor("ada"), { cursors: { room: 7, __proto__x: 1 } });
  expect(await client.frame("welcome")).toMatchObject({ user: "ada" });
  expect(server.last.frame).toMatchObject({ user: "ada", device: "phone", isNew: true });
  expect(server.last.frame.cursors).toContainEqual(["room", 7]);
});

test("a client that offers no subprotocol is served", async () => {
  const rig = await startRig();
  await rig.chatServer("chat-1");
  const client = await rig.client({ protocols: [] });
  client.hello(tokenFor("ada"));
  await client.frame("welcome");
});

test("a client that offers ours among others gets ours", async () => {
  const rig = await startRig();
  const client = await rig.client({ protocols: ["mqtt", "parley.v1"] });
  expect(client.ws.protocol).toBe("parley.v1");
});

test.each([
  ["not JSON", "junk", /JSON/],
  ["a request", '{"type":"typing","channel":"room"}', /hello/],
  ["a hello without token", '{"type":"hello","device":"d","protocol":1}', /token/],
  ["a hello of another protocol", '{"type":"hello","token":"t","device":"d","protocol":2}', /protocol/],
  ["an array", "[]", /object/],
  ["nothing", "", /JSON/],
  ["depth 10,000", "[".repeat(10_000), /deep/],
])("%s before hello is answered by an error that names it, then 4400", async (_what, frame, message) => {
  const rig = await startRig();
  const client = await rig.client();
  client.send(frame);
  const error = await client.frame("error");
  expect(error.code).toBe("bad_frame");
  expect(error.message).toMatch(message);
  expect(await client.closeCode()).toBe(4400);
});

test("the error for a request before hello carries its id", async () => {
  const rig = await startRig();
  const client = await rig.client();
  client.send({ type: "send", id: "r1", channel: "room", text: "hi" });
  expect(await client.frame("error")).toMatchObject({ id: "r1", code: "bad_frame" });
});

test.each([
  ["no token at all", "nonsense", "unauthenticated"],
  ["a token with a broken signature", `${tokenFor("ada").slice(0, -4)}AAAA`, "unauthenticated"],
])("%s is refused by its code, then 4401", async (_what, token, code) => {
  const rig = await startRig();
  const client = await rig.client();
  client.hello(token);
  expect((await client.frame("error")).code).toBe(code);
  expect(await client.closeCode()).toBe(4401);
});

test("an expired token is told apart, then 4401", async () => {
  const rig = await startRig();
  const token = tokenFor("ada", 1);
  await vi.waitUntil(() => Date.now() > (Number(JSON.parse(atob(token.split(".")[1] ?? "")).exp) + 0.1) * 1_000, {
    timeout: 5_000,
  });
  const client = await rig.client();
  client.hello(token);
  expect((await client.frame("error")).code).toBe("token_expired");
  expect(await client.closeCode()).toBe(4401);
});

test("keys out of reach are a retryable answer, then 4503", async () => {
  const verify = () => Promise.reject(new KeysUnavailableError("away"));
  const rig = await startRig({ tokens: { verify } });
  const client = await rig.client();
  client.hello(tokenFor("ada"));
  expect(await client.frame("error")).toMatchObject({ code: "unavailable", retryable: true });
  expect(await client.closeCode()).toBe(4503);
});

test("no hello in time is 4408, and pings do not extend it", async () => {
  const rig = await startRig({ config: { helloDeadlineMs: 120 } });
  const client = await rig.client();
  const pings = setInterval(() => client.ws.readyState === 1 && client.ws.ping(), 10);
  expect(await client.closeCode()).toBe(4408);
  clearInterval(pings);
});

test("the deadline for hello does not follow the machine's clock when it is set", async () => {
  let offsetMs = 0;
  const rig = await startRig({ config: { helloDeadlineMs: 400 }, wallNow: () => Date.now() + offsetMs });
  await rig.chatServer("chat-1");
  const [quick, slow] = [await rig.client(), await rig.client()];
  offsetMs = 3_600_000;
  await new Promise((resolve) => setTimeout(resolve, 100));
  quick.hello(tokenFor("ada"));
  expect(await quick.frame("welcome")).toMatchObject({ type: "welcome" });
  offsetMs = -3_600_000;
  expect(await slow.closeCode()).toBe(4408);
});

test("a frame at the limit passes, one above closes with 1009", async () => {
  const rig = await startRig({ config: { frameBytesMax: 2_048 } });
  const server = await rig.chatServer("chat-1");
  const client = await rig.session("ada");
  const frame = JSON.stringify({ type: "send", id: "a", channel: "room", text: "" });
  client.send(frame + " ".repeat(2_048 - frame.length));
  await client.frame("ack");
  expect(server.requests[0]?.bytes).toHaveLength(2_048);
  client.send(frame + " ".repeat(2_049 - frame.length));
  expect(await client.closeCode()).toBe(1009);
});

test("binary closes with 1003, before hello and after", async () => {
  const rig = await startRig();
  await rig.chatServer("chat-1");
  const stranger = await rig.client();
  stranger.ws.send(Buffer.from("{}"));
  expect(await stranger.closeCode()).toBe(1003);
  const known = await rig.session("ada");
  known.ws.send(Buffer.from("{}"));
  expect(await known.closeCode()).toBe(1003);
});

test("frames that came on the heels of hello are forwarded after the attach, in order, and never before", async () => {
  const rig = await startRig();
  const server = await rig.chatServer("chat-1", { confirms: false });
  const client = await rig.client();
  client.hello(tokenFor("ada"));
  for (let i = 1; i <= 5; i++) client.send({ type: "send", id: `m${i}`, channel: "room", text: "hi" });
  await vi.waitUntil(() => server.attached.length === 1);
  expect(server.requests).toHaveLength(0);
  server.confirm();
  await client.frame("ack", ({ id }) => id === "m5");
  expect(client.frames.map(({ type, id }) => id ?? type)).toEqual(["welcome", "m1", "m2", "m3", "m4", "m5"]);
  expect(server.requests.every(({ isRepeat }) => !isRepeat)).toBe(true);
});

test("a token that runs out mid-connection ends the session with 4401 after the grace", async () => {
  const rig = await startRig({ config: { tokenGraceMs: 0 } });
  await rig.chatServer("chat-1");
  const client = await rig.client();
  client.hello(tokenFor("ada", 2));
  await client.frame("welcome");
  expect((await client.frame("error")).code).toBe("token_expired");
  expect(await client.closeCode()).toBe(4401);
});

test("a refreshed token moves the expiry", async () => {
  const rig = await startRig({ config: { tokenGraceMs: 0 } });
  const server = await rig.chatServer("chat-1");
  const client = await rig.session("ada");
  const kept = Buffer.from("kept");
  server.send((attachment) => ({ type: "keep", attachment, kept, tokenExpiresAt: Date.now() - 1 }));
  expect(await client.closeCode()).toBe(4401);
});

test("hellos beyond the rate wait their turn; beyond the queue they are told to come back", async () => {
  const rig = await startRig({ config: { hellosPerSecond: 20, hellosBurst: 1, hellosQueuedMax: 2 } });
  await rig.chatServer("chat-1");
  const clients = await Promise.all(["a", "b", "c", "d"].map(() => rig.client()));
  for (const [i, client] of clients.entries()) client.hello(tokenFor(`user-${i}`));
  await vi.waitUntil(() => clients.every(({ frames }) => frames.length > 0), { timeout: 5_000 });
  const first = clients.map(({ frames }) => frames[0]?.type).toSorted();
  expect(first).toEqual(["reconnect", "welcome", "welcome", "welcome"]);
  const refused = clients.find(({ frames }) => frames[0]?.type === "reconnect");
  expect(refused?.frames[0]).toMatchObject({ reason: "overload" });
  expect(await refused?.closeCode()).toBe(4503);
});

test("no token is verified before it is its hello's turn, so that a herd can't keep the process busy with signatures", async () => {
  let verified = 0;
  const tokens: TokenVerifier = {
    verify: async (token) => {
      verified += 1;
      return { user: token, expiresAt: Date.now() + 60_000 };
    },
  };
  const rig = await startRig({ tokens, config: { hellosPerSecond: 1, hellosBurst: 2, hellosQueuedMax: 5 } });
  await rig.chatServer("chat-1");
  const clients = await Promise.all(Array.from({ length: 8 }, () => rig.client()));
  for (const [i, client] of clients.entries()) client.hello(`user-${i}`);
  // The eighth is one too many for the queue: by then all have been heard.
  await vi.waitUntil(() => clients.some(({ frames }) => frames[0]?.type === "reconnect"), { timeout: 10_000 });
  expect(verified).toBeLessThanOrEqual(3);
});

test("without a chat server the session ends with 4503 after a short wait", async () => {
  const rig = await startRig({ config: { noServerWaitMs: 100 } });
  const client = await rig.client();
  client.hello(tokenFor("ada"));
  expect(await client.closeCode()).toBe(4503);
  expect(rig.gateway.isReady()).toBe(false);
});

test("a chat server that comes within the wait takes the session", async () => {
  const rig = await startRig({ config: { noServerWaitMs: 5_000 } });
  const client = await rig.client();
  client.hello(tokenFor("ada"));
  await rig.chatServer("chat-1");
  await client.frame("welcome");
});

test("a peer that answers no ping is cut; one that does stays", async () => {
  const rig = await startRig({ config: { pingMs: 60 } });
  await rig.chatServer("chat-1");
  const silent = await rig.session("ada");
  const alive = await rig.session("bo");
  let pings = 0;
  alive.ws.on("ping", () => pings++);
  silent.ws.pause();
  await vi.waitUntil(async () => /gateway_closes_total\{[^}]*silent[^}]*\} 1/.test(await rig.metrics()), {
    timeout: 5_000,
  });
  await vi.waitUntil(() => pings >= 5, { timeout: 5_000 });
  expect(alive.closed).toBeUndefined();
});

test("the chat server's close reaches the client after what was queued before", async () => {
  const rig = await startRig();
  const server = await rig.chatServer("chat-1");
  const client = await rig.session("ada");
  server.direct({ type: "error", code: "bad_frame", message: "tenth", retryable: false });
  server.send((attachment) => ({ type: "close", attachment, code: 4429, reason: "too many" }));
  expect(await client.closeCode()).toBe(4429);
  expect(client.closed?.reason).toBe("too many");
  expect(client.frames.at(-1)).toMatchObject({ message: "tenth" });
  await vi.waitUntil(() => server.frames.some(({ type }) => type === "detach"));
});

test.each([
  [1005, "a code that may not be sent", 1011],
  [2_000, "a code of no range", 1011],
  [4_403, "x".repeat(200), 4403],
])("a chat server's slip in closing (%i) does not end the gateway", async (code, reason, expected) => {
  const rig = await startRig();
  const server = await rig.chatServer("chat-1");
  const client = await rig.session("ada");
  server.send((attachment) => ({ type: "close", attachment, code, reason }));
  expect(await client.closeCode()).toBe(expected);
  await rig.session("bo");
});

test("when the client goes, the chat server is told once, and that nobody moves", async () => {
  const rig = await startRig();
  const server = await rig.chatServer("chat-1");
  const client = await rig.session("ada");
  client.ws.close(1000);
  await client.closeCode();
  await vi.waitUntil(() => server.frames.some(({ type }) => type === "detach"));
  expect(server.frames.filter(({ type }) => type === "detach")).toEqual([
    { type: "detach", attachment: server.last.frame.attachment, isMoving: false },
  ]);
});
