import { afterEach, describe, expect, test, vi } from "vitest";
import type { ChatServerLink, DownFrame, GatewayLink, UpFrame } from "./link.ts";

export interface LinkPair {
  readonly gateway: GatewayLink;
  readonly chatServer: ChatServerLink;
  /** Ends whatever carries the pair. */
  end(): Promise<void>;
}

export interface LinkPairOptions {
  readonly bufferBytesMax?: number;
}

const waitOptions = { timeout: 20_000, interval: 5 };
const bytes = (text: string): Uint8Array => Buffer.from(text);

function request(ordinal: number, payload: Uint8Array = bytes("{}")): UpFrame {
  return { type: "request", attachment: 7, ordinal, isRepeat: false, bytes: payload };
}

/** One of each, with and without optional fields. */
const upFrames: readonly UpFrame[] = [
  {
    type: "attach",
    attachment: 1,
    connection: "c1",
    user: "ada",
    device: "phone",
    name: "Ada L.",
    tokenExpiresAt: 1_764_000_000_123,
    isNew: true,
    cursors: [
      ["room", 7],
      ["other", 0],
    ],
    kept: bytes("kept"),
    since: 1_763_000_000_000,
    ageMs: 12_345,
  },
  {
    type: "attach",
    attachment: 2,
    connection: "c2",
    user: "bo",
    device: "d",
    tokenExpiresAt: 5,
    isNew: false,
    cursors: [],
    since: 0,
    ageMs: 0,
  },
  request(1, bytes('{"type":"send","text":"é😀"}')),
  { type: "request", attachment: 1, ordinal: 9_007_199_254_740_991, isRepeat: true, bytes: bytes("") },
  { type: "detach", attachment: 1, isMoving: true },
];

const downFrames: readonly DownFrame[] = [
  { type: "attached", attachment: 1, baseline: [["room", 7]], payload: bytes("{}") },
  { type: "attached", attachment: 1, baseline: [] },
  { type: "events", attachments: [1, 2, 70_000], channel: "room", from: 8, payloads: [bytes("a"), bytes("b")] },
  { type: "gap", attachment: 1, channel: "room", to: 5_000_000_000 },
  { type: "reset", attachment: 1, channel: "room", head: 0, payload: bytes("{}") },
  { type: "track", attachment: 1, channel: "room", cursor: 0 },
  { type: "untrack", attachment: 1, channel: "room" },
  { type: "direct", attachment: 1, ordinal: 3, payload: bytes("{}") },
  { type: "direct", attachment: 1, payload: bytes("{}") },
  { type: "cast", attachments: [1], payload: bytes("{}") },
  { type: "settled", attachment: 1, ordinals: [1, 2, 3] },
  { type: "keep", attachment: 1, kept: bytes("k"), tokenExpiresAt: 9 },
  { type: "keep", attachment: 1, kept: bytes("k") },
  { type: "close", attachment: 1, code: 4409, reason: "same device" },
  { type: "reattach", attachment: 1 },
];

/** Payloads come as Buffer over TCP and as they were sent in-process: both are Uint8Array. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Array.from(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, plain(field)]));
  }
  return value;
}

/** What every implementation of the link port must do. `makePair` connects one gateway to one chat server. */
export function linkContract(name: string, makePair: (options: LinkPairOptions) => Promise<LinkPair>): void {
  describe(`link contract: ${name}`, () => {
    const pairs: LinkPair[] = [];
    const pair = async (options: LinkPairOptions = {}): Promise<LinkPair> => {
      const made = await makePair(options);
      pairs.push(made);
      return made;
    };
    afterEach(async () => {
      await Promise.all(pairs.splice(0).map((one) => one.end()));
    });

    test("each end knows the other's name", async () => {
      const { gateway, chatServer } = await pair();
      expect(gateway.peer).toBe("chat-1");
      expect(chatServer.peer).toBe("gateway-1");
      expect(gateway.isOpen && chatServer.isOpen).toBe(true);
    });

    test("every frame of both directions arrives as it was sent", async () => {
      const { gateway, chatServer } = await pair();
      const up: UpFrame[] = [];
      const down: DownFrame[] = [];
      chatServer.onFrame((frame) => up.push(frame));
      gateway.onFrame((frame) => down.push(frame));
      for (const frame of upFrames) gateway.send(frame);
      for (const frame of downFrames) chatServer.send(frame);
      await vi.waitUntil(() => up.length >= upFrames.length && down.length >= downFrames.length, waitOptions);
      expect(plain(up)).toEqual(plain(upFrames));
      expect(plain(down)).toEqual(plain(downFrames));
    });

    test("send never delivers within the call", async () => {
      const { gateway, chatServer } = await pair();
      const seen: UpFrame[] = [];
      chatServer.onFrame((frame) => seen.push(frame));
      gateway.send(request(1));
      expect(seen).toHaveLength(0);
      await Promise.resolve();
      expect(seen).toHaveLength(0);
      await vi.waitUntil(() => seen.length === 1, waitOptions);
    });

    test("100,000 frames arrive once and in order, sent in bursts and while others arrive", async () => {
      const { gateway, chatServer } = await pair();
      const total = 100_000;
      let next = 1;
      let echoed = 0;
      chatServer.onFrame((frame) => {
        if (frame.type !== "request") return;
        if (frame.ordinal !== next) throw new Error(`${frame.ordinal} instead of ${next}`);
        next += 1;
        chatServer.send({ type: "settled", attachment: 7, ordinals: [frame.ordinal] });
      });
      gateway.onFrame((frame) => {
        if (frame.type === "settled" && frame.ordinals[0] === echoed + 1) echoed += 1;
      });
      for (let sent = 0; sent < total; ) {
        for (let burst = 0; burst < 1_000; burst++) gateway.send(request(++sent, bytes("x".repeat(burst % 50))));
        await new Promise(setImmediate);
      }
      await vi.waitUntil(() => echoed === total, waitOptions);
      expect(next).toBe(total + 1);
    });

    test("payloads of megabytes arrive whole", async () => {
      const { gateway, chatServer } = await pair();
      const seen: Uint8Array[] = [];
      chatServer.onFrame((frame) => frame.type === "request" && seen.push(frame.bytes));
      const big = Buffer.alloc(3 * 1024 * 1024, "abc");
      gateway.send(request(1, big));
      gateway.send(request(2, bytes("small")));
      gateway.send(request(3, big));
      await vi.waitUntil(() => seen.length === 3, waitOptions);
      expect(Buffer.compare(seen[0] ?? bytes(""), big)).toBe(0);
      expect(Buffer.from(seen[1] ?? bytes("")).toString()).toBe("small");
      expect(Buffer.compare(seen[2] ?? bytes(""), big)).toBe(0);
    });

    test("frames that came before anybody listened are kept, in order", async () => {
      const { gateway, chatServer } = await pair();
      const flushed = new Promise<void>((resolve) => gateway.onFrame(() => resolve()));
      for (let i = 1; i <= 3; i++) gateway.send(request(i));
      chatServer.send({ type: "reattach", attachment: 1 });
      await flushed;
      const seen: number[] = [];
      chatServer.onFrame((frame) => frame.type === "request" && seen.push(frame.ordinal));
      gateway.send(request(4));
      await vi.waitUntil(() => seen.length === 4, waitOptions);
      expect(seen).toEqual([1, 2, 3, 4]);
    });

    test("close sends what was queued, and both ends learn it once", async () => {
      const { gateway, chatServer } = await pair();
      const seen: UpFrame[] = [];
      const closes: string[] = [];
      chatServer.onFrame((frame) => seen.push(frame));
      chatServer.onClose(() => closes.push(`chat server after ${seen.length}`));
      gateway.onClose((reason) => closes.push(`gateway: ${reason}`));
      gateway.send(request(1));
      gateway.close("done");
      gateway.close("again");
      expect(gateway.isOpen).toBe(false);
      expect(closes).toHaveLength(0);
      await vi.waitUntil(() => closes.length === 2, waitOptions);
      expect(closes.toSorted()).toEqual(["chat server after 1", "gateway: done"]);
      expect(chatServer.isOpen).toBe(false);
    });

    test("the chat server may close as well", async () => {
      const { gateway, chatServer } = await pair();
      const closed = new Promise((resolve) => gateway.onClose(resolve));
      chatServer.close("drain");
      await closed;
      expect(gateway.isOpen).toBe(false);
    });

    test("after close, nothing is sent and nothing is delivered", async () => {
      const { gateway, chatServer } = await pair();
      let delivered = 0;
      gateway.onFrame(() => delivered++);
      chatServer.onFrame(() => delivered++);
      chatServer.send({ type: "reattach", attachment: 1 });
      gateway.close("done");
      gateway.send(request(1));
      await new Promise((resolve) => chatServer.onClose(resolve));
      await new Promise(setImmediate);
      expect(delivered).toBe(0);
    });

    test("a listener that comes after the end still learns it", async () => {
      const { gateway } = await pair();
      gateway.close("done");
      await new Promise(setImmediate);
      await expect(new Promise((resolve) => gateway.onClose(resolve))).resolves.toBe("done");
    });

    test("bytes up to the bound are sent; above it the link is closed, and both ends learn it", async () => {
      const { gateway, chatServer } = await pair({ bufferBytesMax: 100_000 });
      let received = 0;
      const reasons: string[] = [];
      chatServer.onFrame(() => received++);
      gateway.onClose((reason) => reasons.push(reason));
      const closed = new Promise((resolve) => chatServer.onClose(resolve));
      gateway.send(request(1, Buffer.alloc(99_000)));
      await vi.waitUntil(() => received === 1, waitOptions);
      expect(gateway.isOpen).toBe(true);
      gateway.send(request(2, Buffer.alloc(60_000)));
      gateway.send(request(3, Buffer.alloc(60_000)));
      expect(gateway.isOpen).toBe(false);
      await closed;
      await vi.waitUntil(() => reasons.length === 1, waitOptions);
      expect(reasons[0]).toContain("100000 bytes unsent");
    });
  });
}
