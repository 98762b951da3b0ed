import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { expect, onTestFinished, test, vi } from "vitest";
import { type Rig, startRig, tokenFor } from "../testing/rig.ts";
import type { ScriptedChatServer } from "../testing/scripted-chat-server.ts";

const waitOptions = { timeout: 15_000, interval: 5 };

/** A client on a raw socket that can stop reading; what it got is parsed frame by frame. */
class RawClient {
  readonly socket: Socket;
  #bytes = Buffer.alloc(0);
  isClosed = false;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (chunk) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      this.isClosed = true;
    });
  }

  static async start(rig: Rig, user: string): Promise<RawClient> {
    const socket = connect(Number(new URL(rig.gateway.httpUrl).port), "127.0.0.1");
    onTestFinished(() => {
      socket.destroy();
    });
    await once(socket, "connect");
    const client = new RawClient(socket);
    const hello = Buffer.from(JSON.stringify({ type: "hello", token: tokenFor(user), device: "d", protocol: 1 }));
    const head = Buffer.from([0x81, 0xfe, hello.length >> 8, hello.length & 255, 0, 0, 0, 0]);
    socket.write(
      "GET /v1/ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
    );
    socket.write(Buffer.concat([head, hello]));
    await vi.waitUntil(() => client.frames().some(({ type }) => type === "welcome"), waitOptions);
    return client;
  }

  frames(): { type: string; [field: string]: unknown }[] {
    const frames = [];
    let at = this.#bytes.indexOf("\r\n\r\n") + 4;
    while (at >= 4 && at + 10 <= this.#bytes.length) {
      let length = (this.#bytes[at + 1] ?? 0) & 127;
      let start = at + 2;
      if (length === 126) {
        length = this.#bytes.readUInt16BE(at + 2);
        start += 2;
      } else if (length === 127) {
        length = Number(this.#bytes.readBigUInt64BE(at + 2));
        start += 8;
      }
      if (start + length > this.#bytes.length) break;
      if (this.#bytes[at] === 0x81) frames.push(JSON.parse(this.#bytes.subarray(start, start + length).toString()));
      at = start + length;
    }
    return frames;
  }
}

/** Sends events until the gateway stops writing them, since its buffer for the socket is above the soft bound. */
async function overwhelm(server: ScriptedChatServer, rig: Rig): Promise<number> {
  let before = -1;
  for (let head = 0; ; head += 10) {
    server.events(head + 1, 10, "room", 4_000);
    await new Promise(setImmediate);
    await new Promise(setImmediate);
    // The kernel's buffers on both ends of a loopback socket take some megabytes before ours see anything.
    const frames = await counter(rig, "parley_gateway_frames_out_total");
    if (head >= 400 && frames === before) return head + 10;
    before = frames;
  }
}

async function counter(rig: Rig, name: string): Promise<number> {
  return Number(new RegExp(`^${name}\\{[^}]*\\} (\\d+)`, "m").exec(await rig.metrics())?.[1] ?? 0);
}

test("a slow reader gets whole events, then one gap for what it missed, then events again; neighbours get everything", async () => {
  const rig = await startRig({ config: { softBytesMax: 64 * 1024, lagMsMax: 60_000 } });
  const server = await rig.chatServer("chat-1", { baseline: [["room", 0]] });
  const slow = await RawClient.start(rig, "slow");
  const session = server.last;
  slow.socket.pause();
  const head = await overwhelm(server, rig);
  const neighbour = await rig.session("neighbour");
  const other = server.last;
  server.send(
    (attachment) => ({
      type: "events",
      attachments: [attachment],
      channel: "room",
      from: 1,
      payloads: [Buffer.from('{"type":"event","seq":1}')],
    }),
    other,
  );
  await neighbour.frame("event");
  // While it lags: casts are dropped, answers are not.
  const cast = Buffer.from(JSON.stringify({ type: "typing", channel: "room", user: "bo" }));
  server.send((attachment) => ({ type: "cast", attachments: [attachment], payload: cast }), session);
  const ack = Buffer.from(JSON.stringify({ type: "ack", id: "x", channel: "room", seq: 1, time: 1 }));
  server.send((attachment) => ({ type: "direct", attachment, payload: ack }), session);
  slow.socket.resume();
  await vi.waitUntil(() => slow.frames().some(({ type }) => type === "gap"), waitOptions);
  const tail = Array.from({ length: 3 }, (_, i) =>
    Buffer.from(JSON.stringify({ type: "event", channel: "room", seq: head + 1 + i })),
  );
  server.send(
    (attachment) => ({ type: "events", attachments: [attachment], channel: "room", from: head + 1, payloads: tail }),
    session,
  );
  await vi.waitUntil(() => slow.frames().some(({ seq }) => seq === head + 3), waitOptions);

  const frames = slow.frames();
  let cursor = 0;
  for (const frame of frames) {
    if (frame.type === "event") {
      expect(frame.seq).toBe(cursor + 1);
      cursor += 1;
    } else if (frame.type === "gap") {
      expect(frame.from).toBe(cursor + 1);
      cursor = Number(frame.to);
    }
  }
  expect(cursor).toBe(head + 3);
  expect(frames.filter(({ type }) => type === "gap")).toHaveLength(1);
  expect(frames.filter(({ type }) => type === "ack")).toHaveLength(1);
  expect(frames.filter(({ type }) => type === "typing")).toHaveLength(0);
});

test("a slow reader that leaves a channel is told first what it missed of it", async () => {
  const rig = await startRig({ config: { softBytesMax: 64 * 1024 } });
  const server = await rig.chatServer("chat-1", { baseline: [["room", 0]] });
  const slow = await RawClient.start(rig, "slow");
  slow.socket.pause();
  const head = await overwhelm(server, rig);
  server.send((attachment) => ({ type: "untrack", attachment, channel: "room" }));
  slow.socket.resume();
  await vi.waitUntil(() => slow.frames().some(({ type }) => type === "gap"), waitOptions);
  expect(slow.frames().at(-1)).toMatchObject({ type: "gap", to: head });
});

test("a reader that stays behind for too long is cut", async () => {
  const rig = await startRig({ config: { softBytesMax: 64 * 1024, lagMsMax: 200 } });
  const server = await rig.chatServer("chat-1", { baseline: [["room", 0]] });
  const slow = await RawClient.start(rig, "slow");
  slow.socket.pause();
  await overwhelm(server, rig);
  await vi.waitUntil(async () => (await counter(rig, "parley_gateway_closes_total")) > 0, waitOptions);
  expect(await rig.metrics()).toMatch(/closes_total\{[^}]*slow[^}]*\} 1/);
  await vi.waitUntil(() => server.frames.some(({ type }) => type === "detach"), waitOptions);
});

test("answers above the hard bound cut the socket; below it they queue", async () => {
  const rig = await startRig({ config: { softBytesMax: 64 * 1024, hardBytesMax: 256 * 1024 } });
  const server = await rig.chatServer("chat-1");
  const slow = await RawClient.start(rig, "slow");
  slow.socket.pause();
  const payload = Buffer.from(JSON.stringify({ type: "result", id: "x", text: "y".repeat(60_000) }));
  for (let sent = 0; sent < 400 && !server.frames.some(({ type }) => type === "detach"); sent++) {
    server.send((attachment) => ({ type: "direct", attachment, payload }));
    await new Promise(setImmediate);
    await new Promise(setImmediate);
  }
  await vi.waitUntil(() => server.frames.some(({ type }) => type === "detach"), waitOptions);
  expect(await rig.metrics()).toMatch(/closes_total\{[^}]*slow[^}]*\} 1/);
});
