import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { signToken } from "@parley/auth";
import { listenLinks } from "@parley/link";
import { WebSocket } from "ws";
import type { IdleSetup } from "./idle-setup.ts";

/**
 * Memory of an idle session of the gateway beside that of a bare `ws` socket. The clients and the other end of the link
 * live in this process, which is not measured. `node gateway/src/bench/idle.ts [sessions] [channels each] [from]`:
 * the difference between `from` sessions and `sessions`. From 100 it holds what a process takes once when it grows
 * (its young generation, some 30 MB); from 5,000 it is what one more session costs.
 */
const sessions = Number(process.argv[2] ?? 10_000);
const channelsEach = Number(process.argv[3] ?? 5);
const few = Number(process.argv[4] ?? 100);
const openAtOnce = 100;

const secret = "a link secret of at least thirty-two bytes";
const key = { kid: "k1", algorithm: "HS256", key: "a test key of at least thirty-two bytes" } as const;

/** Confirms whoever comes, with channels that overlap as those of colleagues do. */
const listener = await listenLinks({
  host: "127.0.0.1",
  port: 0,
  secret,
  node: "chat-1",
  onLink: (link) =>
    link.onFrame((frame) => {
      if (frame.type !== "attach") return;
      const first = frame.attachment % 2_000;
      const baseline = Array.from({ length: channelsEach }, (_, i) => [`channel-of-${first + i}`, 7] as const);
      link.send({
        type: "attached",
        attachment: frame.attachment,
        baseline,
        payload: Buffer.from('{"type":"welcome"}'),
      });
    }),
});

async function ask<T>(child: ChildProcess): Promise<T> {
  const answer = once(child, "message");
  child.send({});
  const [message] = await answer;
  return message as T;
}

function openOne(url: string, index: number, isBare: boolean): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const ws = new WebSocket(url, "parley.v1");
    const token = signToken({ user: `user-${index}`, key, expiresInS: 3_600 });
    ws.once("error", reject);
    ws.once("open", () =>
      isBare ? resolve(ws) : ws.send(JSON.stringify({ type: "hello", token, device: "d", protocol: 1 })),
    );
    ws.once("message", () => resolve(ws));
  });
}

async function measure(isBare: boolean): Promise<number> {
  const setup: IdleSetup = { isBare, address: listener.address, secret, kid: key.kid, key: key.key };
  const child = fork(fileURLToPath(new URL("./idle-child.ts", import.meta.url)), {
    execArgv: ["--expose-gc"],
    env: { ...process.env, PARLEY_BENCH_SETUP: JSON.stringify(setup) },
  });
  const [{ url }] = (await once(child, "message")) as [{ url: string }];
  const clients: WebSocket[] = [];
  const grow = async (to: number): Promise<void> => {
    while (clients.length < to) {
      const count = Math.min(openAtOnce, to - clients.length);
      const base = clients.length;
      clients.push(...(await Promise.all(Array.from({ length: count }, (_, i) => openOne(url, base + i, isBare)))));
    }
  };
  await grow(few);
  const before = await ask<{ bytes: number; heap: number }>(child);
  await grow(sessions);
  const after = await ask<{ bytes: number; heap: number }>(child);
  const each = (after.bytes - before.bytes) / (sessions - few);
  const heapEach = (after.heap - before.heap) / (sessions - few);
  const what = isBare ? "bare ws" : `gateway, ${channelsEach} channels each`;
  console.log(`${what}: ${Math.round(each)} bytes RSS a session (${Math.round(heapEach)} on the heap)`);
  for (const client of clients) client.terminate();
  child.disconnect();
  await once(child, "exit");
  return each;
}

const bare = await measure(true);
const ours = await measure(false);
console.log(`beyond a bare socket: ${Math.round(ours - bare)} bytes; sessions: ${sessions}`);
await listener.close();
