import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { startRig } from "../testing/rig.ts";

/** A path to the chat server that can go dead while both ends keep their sockets. */
async function deadEnd(address: string, state: { isDead: boolean }): Promise<string> {
  const target = new URL(address);
  const sockets: Socket[] = [];
  const server = createServer((near) => {
    const far = connect(Number(target.port), target.hostname);
    sockets.push(near, far);
    for (const socket of [near, far]) socket.on("error", () => {});
    near.on("data", (chunk) => state.isDead || far.write(chunk));
    far.on("data", (chunk) => state.isDead || near.write(chunk));
    near.on("close", () => far.destroy());
    far.on("close", () => near.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test("a chat server that falls silent with its link open loses its sessions to another, and clients notice only a delay", async () => {
  const linkLimits = { pingMs: 20, deadAfterMs: 150, handshakeMs: 150 };
  const rig = await startRig({ linkLimits });
  const states = [{ isDead: false }, { isDead: false }];
  const servers = await Promise.all(
    states.map((state, i) =>
      rig.chatServer(`chat-${i}`, { overTcp: true, answers: false, behind: (address) => deadEnd(address, state) }),
    ),
  );
  const client = await rig.session("ada");
  const first = servers.findIndex(({ attached }) => attached.length > 0);
  const state = states[first];
  const heir = servers[1 - first];
  if (state === undefined || heir === undefined) throw new Error("nobody holds the session");
  heir.answers = true;
  state.isDead = true;
  client.send({ type: "send", id: "into-the-void", channel: "room", text: "hi" });
  await client.frame("ack", ({ id }) => id === "into-the-void");
  expect(heir.requests).toMatchObject([{ isRepeat: true, ordinal: 1 }]);
  expect(client.closed).toBeUndefined();
  expect(client.ofType("welcome")).toHaveLength(1);
});
