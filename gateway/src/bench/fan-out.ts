import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { signToken } from "@parley/auth";
import { type ChatServerLink, listenLinks } from "@parley/link";
import { WebSocket } from "ws";
import type { IdleSetup } from "./idle-setup.ts";

/**
 * CPU that the gateway takes to deliver one event to one socket, with 1, 4 and 16 events of a channel in one tick. The
 * other end of the link and the clients are in this process, which is not measured.
 * `node gateway/src/bench/fan-out.ts [sockets] [deliveries]`
 */
const sockets = Number(process.argv[2] ?? 1_000);
const deliveries = Number(process.argv[3] ?? 400_000);

const secret = "a link secret of at least thirty-two bytes";
const key = { kid: "k1", algorithm: "HS256", key: "a test key of at least thirty-two bytes" } as const;
const channel = "everybody";
const attachments: number[] = [];
let link: ChatServerLink | undefined;

const listener = await listenLinks({
  host: "127.0.0.1",
  port: 0,
  secret,
  node: "chat-1",
  onLink: (made) => {
    link = made;
    made.onFrame((frame) => {
      if (frame.type !== "attach") return;
      const { attachment } = frame;
      attachments.push(attachment);
      made.send({ type: "attached", attachment, baseline: [[channel, 0]], payload: Buffer.from('{"type":"welcome"}') });
    });
  },
});

const setup: IdleSetup = { isBare: false, address: listener.address, secret, kid: key.kid, key: key.key };
const child = fork(fileURLToPath(new URL("./idle-child.ts", import.meta.url)), {
  env: { ...process.env, PARLEY_BENCH_SETUP: JSON.stringify(setup) },
});
const [{ url }] = (await once(child, "message")) as [{ url: string }];

/** The sockets count bytes only: parsing frames here would take the other core from the gateway. */
let received = 0;
const clients: WebSocket[] = [];
for (let i = 0; i < sockets; i++) {
  const ws = new WebSocket(url, "parley.v1");
  await once(ws, "open");
  const token = signToken({ user: `user-${i}`, key, expiresInS: 3_600 });
  ws.send(JSON.stringify({ type: "hello", token, device: "d", protocol: 1 }));
  await once(ws, "message");
  ws.on("message", () => received++);
  clients.push(ws);
}

async function cpuMs(): Promise<number> {
  const answer = once(child, "message");
  child.send({ what: "cpu" });
  const [{ cpu }] = (await answer) as [{ cpu: number }];
  return cpu;
}

let seq = 0;
for (const perTick of [1, 4, 16]) {
  const ticks = Math.ceil(deliveries / sockets / perTick);
  const before = await cpuMs();
  received = 0;
  for (let tick = 0; tick < ticks; tick++) {
    const payloads = Array.from({ length: perTick }, (_, i) =>
      Buffer.from(JSON.stringify({ type: "event", channel, seq: seq + 1 + i, kind: "message", text: "x".repeat(120) })),
    );
    link?.send({ type: "events", attachments, channel, from: seq + 1, payloads });
    seq += perTick;
    const wanted = (tick + 1) * perTick * sockets;
    while (received < wanted) await new Promise(setImmediate);
  }
  const each = ((await cpuMs()) - before) / (ticks * perTick * sockets);
  console.log(`${perTick} events a tick: ${(each * 1_000).toFixed(2)} µs CPU a delivery (${sockets} sockets)`);
}
for (const client of clients) client.terminate();
child.disconnect();
await listener.close();
