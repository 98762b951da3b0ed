import { randomBytes } from "node:crypto";
import { connect } from "node:net";
import { badFrames, goodFrames, type Random } from "@parley/simulator";

const nested = (depth: number): string => `${"[".repeat(depth)}${"]".repeat(depth)}`;

/** Frames that are no request whatever one makes of them: as text or as bytes. `nowhere`: a channel that is none. */
function strangeFrames(nowhere: string): readonly (string | Buffer)[] {
  const send = `"type":"send","id":"strange","channel":"${nowhere}"`;
  const keys = Array.from({ length: 20_000 }, (_, index) => `"k${index}":0`).join(",");
  return [
    "",
    "not JSON",
    "5",
    "null",
    '"text"',
    "[]",
    nested(9),
    nested(10_000),
    nested(30_000),
    `{"a":${'{"a":'.repeat(9)}1${"}".repeat(10)}`,
    `{${send},"text":"x","__proto__":{"role":"owner"},"constructor":{"prototype":{}}}`,
    `{${send},"text":"one","text":"two"}`,
    `{${send},"text":"\\ud800"}`,
    `{${send},"text":"a\\u0000b"}`,
    `{${send},"text":"a${"\u0301".repeat(10_000)}"}`,
    `{${send},"text":"x","replyTo":1e400}`,
    `{${send},"text":"x","replyTo":9007199254740993}`,
    `{${send},"text":"x","replyTo":-0}`,
    `{${send},"text":{"$gt":""}}`,
    `{${send},"text":"x","data":{"$where":"1","_bsontype":"ObjectID"}}`,
    `{${send},"text":"x","sender":"somebody","role":"owner"}`,
    `{"type":"attach","id":"x","user":"somebody","session":"s"}`,
    `{"type":"history","id":"x","channel":"constructor","limit":1000000000}`,
    `{${keys}}`,
    `{${send},"text":"${"x".repeat(70_000)}"}`,
    Buffer.from([0, 1, 2, 3]),
    randomBytes(4_096),
  ];
}

/** In an order that chance draws: all that a client may send wrongly into a channel, and what is no frame at all. */
export function drawPoison(random: Random, channel: string): readonly (string | Buffer)[] {
  const types = Object.keys(goodFrames(channel)).filter((type) => type !== "hello");
  const bad = types.flatMap((type) => badFrames(type, channel)).map(({ frame }) => JSON.stringify(frame));
  const all = [...bad, ...strangeFrames("nowhere-at-all")];
  return random.sample(all, all.length);
}

/** Bytes that break RFC 6455 after the handshake, one socket each. */
export function brokenFrames(): readonly Buffer[] {
  const mask = Buffer.from([1, 2, 3, 4]);
  const masked = (first: number, payload: Buffer): Buffer => {
    const body = payload.map((byte, index) => byte ^ (mask[index % 4] ?? 0));
    return Buffer.concat([Buffer.from([first, 0x80 | payload.length]), mask, body]);
  };
  return [
    // Unmasked.
    Buffer.from([0x81, 0x02, 0x68, 0x69]),
    // Says that it is 2^63 bytes long; that it is 10 MB long.
    Buffer.concat([Buffer.from([0x81, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0]), mask]),
    Buffer.concat([Buffer.from([0x81, 0xff, 0, 0, 0, 0, 0, 0x98, 0x96, 0x80]), mask]),
    // Not UTF-8; RSV1 though nothing was negotiated; a reserved opcode; a continuation of nothing.
    masked(0x81, Buffer.from([0xc3, 0x28])),
    masked(0xc1, Buffer.from("hi")),
    masked(0x83, Buffer.from("hi")),
    masked(0x80, Buffer.from("hi")),
    // A fragmented ping; a close with a code that is none.
    masked(0x09, Buffer.from("hi")),
    masked(0x88, Buffer.from([0x03, 0xe7])),
    // Fragments without an end and without content.
    Buffer.concat([
      masked(0x01, Buffer.alloc(0)),
      ...Array.from({ length: 20_000 }, () => masked(0x00, Buffer.alloc(0))),
    ]),
    // A flood of pings.
    Buffer.concat(Array.from({ length: 5_000 }, () => masked(0x89, Buffer.from("x")))),
  ];
}

const handshakeWithinMs = 10_000;

/** Opens a socket by hand, sends these bytes after the handshake, and resolves when it has ended or after a moment. */
export function sendBroken(url: string, bytes: Buffer): Promise<void> {
  const { hostname, port, pathname } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    const timer = setTimeout(() => socket.destroy(), handshakeWithinMs);
    socket.on("error", () => {});
    socket.on("close", () => {
      clearTimeout(timer);
      resolve();
    });
    socket.once("data", () => {
      socket.write(bytes);
      // What should not have ended it is ended here.
      setTimeout(() => socket.destroy(), 500).unref();
    });
    socket.write(
      `GET ${pathname} HTTP/1.1\r\nHost: ${hostname}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString("base64")}\r\n` +
        "Sec-WebSocket-Protocol: parley.v1\r\n\r\n",
    );
  });
}
