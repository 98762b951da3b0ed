import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import type { ChatServerLink } from "./link.ts";
import { type LinkPair, type LinkPairOptions, linkContract } from "./link-contract.ts";
import type { LinkLimits } from "./link-limits.ts";
import { connectLink, listenLinks, parseLinkAddress } from "./link-tcp.ts";

const secret = "a secret of thirty-two characters";
const teardown: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const step of teardown.splice(0).reverse()) await step();
});

async function listen(limits: Partial<LinkLimits> = {}, path?: string) {
  const links: ChatServerLink[] = [];
  const lines: string[] = [];
  const listener = await listenLinks({
    host: "127.0.0.1",
    port: 0,
    secret,
    node: "chat-1",
    limits,
    ...(path !== undefined && { path }),
    onLink: (link) => links.push(link),
    logger: { info: () => {}, warn: (fields, phrase) => lines.push(`${phrase} ${JSON.stringify(fields)}`) },
  });
  teardown.push(() => listener.close());
  return { ...listener, links, lines };
}

async function makePair(limits: LinkPairOptions, path?: string): Promise<LinkPair> {
  const { address, links, close } = await listen(limits, path);
  const gateway = await connectLink({ address, secret, node: "gateway-1", limits });
  await vi.waitUntil(() => links.length === 1);
  const chatServer = links[0];
  if (!chatServer) throw new Error("no link");
  return {
    gateway,
    chatServer,
    end: async () => {
      gateway.close("end of test");
      await close();
    },
  };
}

linkContract("TCP", (limits) => makePair(limits));

linkContract("Unix socket", async (limits) => {
  const folder = await mkdtemp(join(tmpdir(), "link "));
  teardown.push(() => rm(folder, { recursive: true }));
  return makePair(limits, join(folder, "chat-1.sock"));
});

/** A raw connection to the link port, for what a proper dialer never does. */
async function rawSocket(address: string): Promise<Socket> {
  const socket = connect(parseLinkAddress(address));
  socket.on("error", () => {});
  teardown.push(() => socket.destroy());
  await once(socket, "connect");
  return socket;
}

/** Passes bytes on until it is told to hold them: both sockets stay open, as on a half-open path. */
async function holdingProxy(address: string) {
  const state = { isHolding: false };
  const server = createServer((near) => {
    const far = connect(parseLinkAddress(address));
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.on("error", () => {});
      from.on("data", (chunk) => {
        if (!state.isHolding) to.write(chunk);
      });
      teardown.push(() => from.destroy());
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  teardown.push(() => server.close());
  return { address: `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`, state };
}

test("a wrong secret opens no link, and both sides say so", async () => {
  const { address, links, lines } = await listen();
  await expect(connectLink({ address, secret: "another", node: "gateway-1" })).rejects.toThrow(/shared secret/);
  await vi.waitUntil(() => lines.length === 1);
  expect(lines[0]).toContain("link refused");
  expect(lines[0]).toContain("the shared secret differs");
  expect(links).toHaveLength(0);
});

test("a listener of another version is told from one of ours before anything is sent through it", async () => {
  const older = createServer((socket) => {
    socket.on("error", () => {});
    socket.write(Buffer.concat([Buffer.from("PLK1"), Buffer.alloc(32, 1)]));
  });
  older.listen(0, "127.0.0.1");
  await once(older, "listening");
  teardown.push(() => older.close());
  const address = `tcp://127.0.0.1:${(older.address() as AddressInfo).port}`;
  await expect(connectLink({ address, secret, node: "gateway-1" })).rejects.toThrow(/of this version/);
});

test("a listener without the secret is not believed", async () => {
  const impostor = createServer((socket) => {
    socket.on("error", () => {});
    socket.write(Buffer.concat([Buffer.from("PLK2"), Buffer.alloc(32, 1)]));
    socket.once("data", () =>
      socket.write(Buffer.concat([Buffer.alloc(32, 2), Buffer.from([6]), Buffer.from("chat-1")])),
    );
  });
  impostor.listen(0, "127.0.0.1");
  await once(impostor, "listening");
  teardown.push(() => impostor.close());
  const address = `tcp://127.0.0.1:${(impostor.address() as AddressInfo).port}`;
  await expect(connectLink({ address, secret, node: "gateway-1" })).rejects.toThrow(/secret differs/);
});

test("another node at the address is refused", async () => {
  const { address } = await listen();
  await expect(connectLink({ address, secret, node: "gateway-1", expectedPeer: "chat-2" })).rejects.toThrow(
    /chat-1 answers there, not chat-2/,
  );
});

test("somebody who connects and stays silent is dropped at the deadline", async () => {
  const { address, lines } = await listen({ handshakeMs: 50 });
  const socket = await rawSocket(address);
  socket.resume();
  await new Promise((resolve) => socket.on("close", resolve));
  await vi.waitUntil(() => lines.length === 1);
  expect(lines[0]).toContain("link refused");
});

test("a trickle does not extend the deadline", async () => {
  const { address } = await listen({ handshakeMs: 80 });
  const socket = await rawSocket(address);
  socket.resume();
  const trickle = setInterval(() => socket.write("x"), 5);
  teardown.push(() => clearInterval(trickle));
  await new Promise((resolve) => socket.on("close", resolve));
});

test("junk instead of a proof is refused, and others are served", async () => {
  const { address, lines } = await listen();
  const socket = await rawSocket(address);
  socket.resume();
  socket.write(Buffer.alloc(100_000, 255));
  await new Promise((resolve) => socket.on("close", resolve));
  await vi.waitUntil(() => lines.length === 1);
  const link = await connectLink({ address, secret, node: "gateway-1" });
  expect(link.isOpen).toBe(true);
  link.close("end of test");
});

test("more strangers than the bound are dropped at once", async () => {
  const { address, lines } = await listen({ handshakesMax: 1 });
  await rawSocket(address);
  const second = await rawSocket(address);
  second.resume();
  await new Promise((resolve) => second.on("close", resolve));
  expect(lines.some((line) => line.includes("too many handshakes"))).toBe(true);
});

test("nobody there is an error in time", async () => {
  const silent = createServer(() => {});
  silent.listen(0, "127.0.0.1");
  await once(silent, "listening");
  const address = `tcp://127.0.0.1:${(silent.address() as AddressInfo).port}`;
  await expect(connectLink({ address, secret, node: "gateway-1", timeoutMs: 50 })).rejects.toThrow(
    /no answer in 50 ms/,
  );
  await new Promise((resolve) => silent.close(resolve));
  await expect(connectLink({ address, secret, node: "gateway-1" })).rejects.toThrow(/ECONNREFUSED/);
});

test("a half-open link is found dead by both ends, and an idle one is not", async () => {
  const limits = { pingMs: 30, deadAfterMs: 200 };
  const { address, links } = await listen(limits);
  const proxy = await holdingProxy(address);
  const gateway = await connectLink({ address: proxy.address, secret, node: "gateway-1", limits });
  await vi.waitUntil(() => links.length === 1);
  const idleSince = performance.now();
  await vi.waitUntil(() => performance.now() - idleSince > 500);
  expect(gateway.isOpen).toBe(true);
  const reasons: string[] = [];
  gateway.onClose((reason) => reasons.push(reason));
  links[0]?.onClose((reason) => reasons.push(reason));
  proxy.state.isHolding = true;
  await vi.waitUntil(() => reasons.length === 2, { timeout: 10_000 });
  expect(reasons).toEqual(["nothing heard for 200 ms", "nothing heard for 200 ms"]);
});

/** Lets the handshake pass, then puts own bytes into the stream toward the listener. */
async function injectAfterHandshake(limits: Partial<LinkLimits>, bytes: Buffer) {
  const listener = await listen(limits);
  let far: Socket | undefined;
  const server = createServer((near) => {
    const socket = connect(parseLinkAddress(listener.address));
    far = socket;
    near.on("error", () => {}).on("data", (chunk) => socket.write(chunk));
    socket.on("error", () => {}).on("data", (chunk) => near.write(chunk));
    socket.on("close", () => near.destroy());
    teardown.push(
      () => near.destroy(),
      () => socket.destroy(),
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  teardown.push(() => server.close());
  const address = `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const gateway = await connectLink({ address, secret, node: "gateway-1", limits });
  await vi.waitUntil(() => listener.links.length === 1);
  const link = listener.links[0];
  if (!link || !far) throw new Error("no link");
  const frames: unknown[] = [];
  link.onFrame((frame) => frames.push(frame));
  const reason = new Promise<string>((resolve) => link.onClose(resolve));
  far.write(bytes);
  const gatewayClosed = new Promise((resolve) => gateway.onClose(resolve));
  return { reason: await reason, frames, gatewayClosed };
}

const batch = (hex: string): Buffer => {
  const body = Buffer.from(hex, "hex");
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  return Buffer.concat([length, body]);
};

test.each([
  ["not to be unpacked", batch("c1ff00"), /malformed batch: not to be unpacked/],
  ["no list", batch("a161"), /no list of frames/],
  ["a frame that is no list", batch("9101"), /frame is no list/],
  ["an unknown frame", batch("91926301"), /unknown frame 99/],
  ["a field of the wrong type", batch("919302a16101"), /field 1 is no whole number/],
  ["a missing field", batch("91920201"), /field 2 is no whole number/],
  ["a batch that says it is larger than allowed", Buffer.from("ffffffff", "hex"), /allowed are 16777216/],
])("%s closes the link, delivers nothing and throws nothing", async (_what, bytes, reason) => {
  const result = await injectAfterHandshake({}, bytes);
  expect(result.reason).toMatch(reason);
  expect(result.frames).toHaveLength(0);
  await result.gatewayClosed;
});

test("an address that is none is refused by name", () => {
  for (const address of ["", "127.0.0.1:80", "http://a:1", "tcp://host", "unix://", "local:chat-1"]) {
    expect(() => parseLinkAddress(address)).toThrow(/link address must be/);
  }
  expect(parseLinkAddress("tcp://[::1]:99")).toEqual({ host: "::1", port: 99 });
  expect(parseLinkAddress("unix:///tmp/x.sock")).toEqual({ path: "/tmp/x.sock" });
});

test("what others are told is the name and the port in front of it", async () => {
  const listener = await listenLinks({
    host: "127.0.0.1",
    port: 0,
    secret,
    node: "chat-1",
    onLink: () => {},
    advertisedHost: "chat-1.example",
    advertisedPort: 7_001,
  });
  teardown.push(() => listener.close());
  expect(listener.address).toBe("tcp://chat-1.example:7001");
});
