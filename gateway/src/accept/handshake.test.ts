import { once } from "node:events";
import { connect } from "node:net";
import { expect, onTestFinished, test, vi } from "vitest";
import { type Rig, startRig, tokenFor } from "../testing/rig.ts";

/** A raw connection, for what no WebSocket library would do. */
async function raw(rig: Rig) {
  const socket = connect(Number(new URL(rig.gateway.httpUrl).port), "127.0.0.1");
  const state = { text: "", bytes: Buffer.alloc(0), isClosed: false };
  socket.on("data", (chunk) => {
    state.text += chunk.toString("latin1");
    state.bytes = Buffer.concat([state.bytes, chunk]);
  });
  socket.on("error", () => {});
  socket.on("close", () => {
    state.isClosed = true;
  });
  onTestFinished(() => {
    socket.destroy();
  });
  await once(socket, "connect");
  return { socket, state };
}

const good: Readonly<Record<string, string>> = {
  Host: "localhost",
  Upgrade: "websocket",
  Connection: "Upgrade",
  "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
  "Sec-WebSocket-Version": "13",
};

function handshake(headers: Readonly<Record<string, string>>, line = "GET /v1/ws HTTP/1.1"): string {
  const lines = Object.entries({ ...good, ...headers }).map(([name, value]) => `${name}: ${value}`);
  return `${line}\r\n${lines.join("\r\n")}\r\n\r\n`;
}

/** Somebody else is served as if nothing had happened. */
async function expectOthersServed(rig: Rig): Promise<void> {
  const client = await rig.session("bystander");
  client.send({ type: "send", id: "ok", channel: "room", text: "hi" });
  await client.frame("ack");
}

const origins = ["https://chat.example"];

test.each([
  ["a foreign origin", handshake({ Origin: "https://evil.example" }), 403],
  ["origin null", handshake({ Origin: "null" }), 403],
  ["a look-alike origin", handshake({ Origin: "https://chat.example.evil.example" }), 403],
  ["the right host at a wrong port", handshake({ Origin: "https://chat.example:8443" }), 403],
  ["the right host without TLS", handshake({ Origin: "http://chat.example" }), 403],
  ["only unknown subprotocols", handshake({ "Sec-WebSocket-Protocol": "mqtt, parley.v2" }), 400],
  ["a malformed subprotocol header", handshake({ "Sec-WebSocket-Protocol": "parley.v1,,parley.v1" }), 400],
  ["a wrong version", handshake({ "Sec-WebSocket-Version": "12" }), 400],
  ["a short key", handshake({ "Sec-WebSocket-Key": "short" }), 400],
  ["another upgrade", handshake({ Upgrade: "h2c" }), 400],
  ["POST", handshake({}, "POST /v1/ws HTTP/1.1"), 405],
  ["another path", handshake({}, "GET /v2/ws HTTP/1.1"), 404],
  ["a path that only begins like ours", handshake({}, "GET /v1/ws/../x HTTP/1.1"), 404],
  ["a plain GET of a path that is not there", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 404],
  ["a plain GET of the WebSocket path", "GET /v1/ws HTTP/1.1\r\nHost: a\r\n\r\n", 426],
  ["a 64 KiB header of spaces", handshake({ "X-Pad": `a${" ".repeat(65_536)}b` }), 431],
  ["no HTTP at all", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400],
])("%s is refused with its status", async (_what, request, status) => {
  const rig = await startRig({ config: { origins } });
  await rig.chatServer("chat-1");
  const { socket, state } = await raw(rig);
  socket.write(request, "latin1");
  await vi.waitUntil(() => state.text.includes("\r\n"), { timeout: 5_000 });
  expect(state.text).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  await expectOthersServed(rig);
});

test.each([
  ["an origin of the list", { Origin: "https://chat.example" }],
  ["no origin, as from a program", {}],
  [
    "a cookie, a token in the query and forged forwarding headers, which count for nothing",
    { Cookie: "token=x", "X-Forwarded-For": "'; DROP, 1.2.3.4, ::::" },
  ],
  ["offered deflate, which is not negotiated", { "Sec-WebSocket-Extensions": "permessage-deflate" }],
])("%s is let in, and hello is still asked for", async (_what, headers) => {
  const rig = await startRig({ config: { origins, helloDeadlineMs: 200, closeTimeoutMs: 100 } });
  const { socket, state } = await raw(rig);
  socket.write(handshake(headers, "GET /v1/ws?token=abc HTTP/1.1"));
  await vi.waitUntil(() => state.isClosed, { timeout: 5_000 });
  expect(state.text).toMatch(/^HTTP\/1.1 101 /);
  expect(state.text).not.toContain("permessage-deflate");
  // A close frame with 4408 = 0x1138.
  expect(state.text).toContain("\x11\x38");
});

test("2,000 headers neither harm nor help", async () => {
  const rig = await startRig();
  await rig.chatServer("chat-1");
  const { socket, state } = await raw(rig);
  const many = Object.fromEntries(Array.from({ length: 2_000 }, (_, i) => [`X-${i}`, "1"]));
  socket.write(handshake(many));
  await vi.waitUntil(() => state.text.includes("\r\n"), { timeout: 5_000 });
  expect(state.text).toMatch(/^HTTP\/1.1 (101|431) /);
  await expectOthersServed(rig);
});

/** A masked client frame. */
function frame(first: number, payload: Buffer, claimed?: number): Buffer {
  const length = claimed ?? payload.length;
  const head =
    length < 126
      ? Buffer.from([first, 0x80 | length])
      : length < 65_536
        ? Buffer.from([first, 0xfe, length >> 8, length & 255])
        : Buffer.concat([Buffer.from([first, 0xff]), bigLength(length)]);
  const mask = Buffer.from([1, 2, 3, 4]);
  const masked = Buffer.from(payload.map((byte, i) => byte ^ (mask[i % 4] ?? 0)));
  return Buffer.concat([head, mask, masked]);
}

function bigLength(length: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(length));
  return bytes;
}

const empty = Buffer.alloc(0);
const text = (value: string): Buffer => Buffer.from(value);

test.each([
  ["an unmasked frame", Buffer.from([0x81, 0x02, 0x7b, 0x7d]), 1002],
  ["a header that claims 10 MB", frame(0x81, empty, 10_000_000), 1009],
  ["a header that claims 2^63", Buffer.from([0x81, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4]), 1009],
  ["invalid UTF-8", frame(0x81, Buffer.from([0xc3, 0x28])), 1007],
  ["RSV1 without an extension", frame(0xc1, text("{}")), 1002],
  ["a reserved opcode", frame(0x83, text("{}")), 1002],
  ["a continuation of nothing", frame(0x80, text("{}")), 1002],
  ["a fragmented ping", frame(0x09, text("hi")), 1002],
  ["a ping of 126 bytes", frame(0x89, Buffer.alloc(126)), 1002],
  ["a close frame of one byte", frame(0x88, Buffer.from([3])), 1002],
  ["a close code that is not allowed", frame(0x88, Buffer.from([0x03, 0xec])), 1002],
  [
    "20,000 empty fragments",
    Buffer.concat([frame(0x01, empty), ...Array.from({ length: 20_000 }, () => frame(0x00, empty))]),
    1008,
  ],
  ["a binary frame", frame(0x82, text("{}")), 1003],
  ["an empty frame", frame(0x81, empty), 4400],
])("%s is closed with its code", async (_what, bytes, code) => {
  const rig = await startRig({ config: { closeTimeoutMs: 200 } });
  await rig.chatServer("chat-1");
  const { socket, state } = await raw(rig);
  socket.write(Buffer.concat([Buffer.from(handshake({})), bytes]));
  await vi.waitUntil(() => state.isClosed, { timeout: 5_000 });
  const after = state.bytes.subarray(state.bytes.indexOf("\r\n\r\n") + 4);
  const closeAt = after.lastIndexOf(0x88);
  expect(closeAt).toBeGreaterThanOrEqual(0);
  expect(after.readUInt16BE(closeAt + 2)).toBe(code);
  await expectOthersServed(rig);
});

test("bytes pipelined after the upgrade are kept", async () => {
  const rig = await startRig();
  await rig.chatServer("chat-1");
  const { socket, state } = await raw(rig);
  const hello = JSON.stringify({ type: "hello", token: tokenFor("ada"), device: "d", protocol: 1 });
  const request = JSON.stringify({ type: "send", id: "early", channel: "room", text: "hi" });
  socket.write(Buffer.concat([Buffer.from(handshake({})), frame(0x81, text(hello)), frame(0x81, text(request))]));
  await vi.waitUntil(() => state.text.includes('"id":"early"'), { timeout: 5_000 });
  expect(state.text.indexOf('"welcome"')).toBeLessThan(state.text.indexOf('"ack"'));
});

test("a ping flood is answered or cut, and others notice nothing", async () => {
  const rig = await startRig();
  await rig.chatServer("chat-1");
  const { socket } = await raw(rig);
  socket.write(handshake({}));
  socket.write(Buffer.concat(Array.from({ length: 20_000 }, () => frame(0x89, text("x")))));
  await expectOthersServed(rig);
});

test("an unfinished fragment holds no one up", async () => {
  const rig = await startRig({ config: { helloDeadlineMs: 200, closeTimeoutMs: 100 } });
  await rig.chatServer("chat-1");
  const { socket, state } = await raw(rig);
  socket.write(Buffer.concat([Buffer.from(handshake({})), frame(0x01, text("{"))]));
  await expectOthersServed(rig);
  await vi.waitUntil(() => state.isClosed, { timeout: 5_000 });
});

test("above the number of strangers or sockets, handshakes are answered 503 until some go", async () => {
  const rig = await startRig({ config: { strangersMax: 2, socketsMax: 3 } });
  await rig.chatServer("chat-1");
  const first = await rig.client();
  const second = await rig.client();
  expect((await rig.client()).ws.readyState).not.toBe(1);
  first.hello(tokenFor("ada"));
  await first.frame("welcome");
  expect((await rig.client()).ws.readyState).toBe(1);
  expect((await rig.client()).ws.readyState).not.toBe(1);
  second.ws.close();
  await second.closeCode();
  await vi.waitUntil(async () => (await rig.client()).ws.readyState === 1, { timeout: 5_000 });
});
