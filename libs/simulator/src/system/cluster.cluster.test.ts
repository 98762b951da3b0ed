import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Fields, isFields } from "../history/content.ts";
import { isClean } from "../report/report.ts";
import { simulate } from "../run/simulate.ts";
import type { Wire } from "../run/wire.ts";
import { countConnections } from "../target/process-facts.ts";
import type { SystemProcess } from "../target/system.ts";
import { createGroup, type Harness, must, sendUntilAcked, startHarness } from "./harness.ts";

let harness: Harness;

beforeAll(async () => {
  harness = await startHarness({ command: "cluster", args: ["--gateways", "2", "--chat-servers", "3"] });
});
afterAll(async () => void (await harness?.system.stop()));

function processesOf(role: string): readonly SystemProcess[] {
  return harness.system.processes.filter((process) => process.role === role);
}

async function askPresence(path: string): Promise<Fields> {
  const response = await fetch(`${harness.system.presence}${path}`, {
    headers: { authorization: `Bearer ${harness.tokenOf("admin", "admin")}` },
  });
  const answer: unknown = await response.json();
  if (!response.ok || !isFields(answer)) throw new Error(`${path}: ${response.status} ${JSON.stringify(answer)}`);
  return answer;
}

/** The user's devices as presence tells them, once there are so many. */
async function waitForDevices(user: string, count: number): Promise<readonly Fields[]> {
  for (;;) {
    const { devices } = await askPresence(`/v1/presence/users/${user}`);
    if (Array.isArray(devices) && devices.length === count) return devices.filter(isFields);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

describe("a cluster of processes on real Redis and a MongoDB-wire server", () => {
  test("is what was asked for, each part in a process of its own", () => {
    expect(processesOf("gateway")).toHaveLength(2);
    expect(processesOf("chat-server")).toHaveLength(3);
    expect(processesOf("presence")).toHaveLength(1);
    const pids = harness.system.processes.map(({ pid }) => pid);
    expect(new Set(pids).size).toBe(pids.length);
    expect(harness.system.ws).toHaveLength(2);
  });

  test("a user's devices on two gateways are on one chat server", async () => {
    for (const user of ["one", "two", "three", "four", "five"]) {
      const wires = await Promise.all(
        [0, 1].map((gateway) => harness.open(user, { gateway, device: `on-${gateway}` })),
      );
      const devices = await waitForDevices(user, 2);
      expect(new Set(devices.map(({ server }) => server)).size).toBe(1);
      expect(new Set(devices.map(({ gateway }) => gateway)).size).toBe(2);
      await Promise.all(wires.map((wire) => wire.close()));
    }
  });

  test("a channel's events are the same bytes for everyone, live and resumed", async () => {
    const users = Array.from({ length: 8 }, (_, index) => `reader-${index}`);
    const wires = await Promise.all(users.map((user, index) => harness.open(user, { gateway: index % 2 })));
    const [first] = wires;
    if (first === undefined) throw new Error("nobody is there");
    const channel = await createGroup(first, "create", users.slice(1));
    const last = 41;
    for (let seq = 2; seq <= last; seq++) {
      must(
        await first.request({
          type: "send",
          id: `m${seq}`,
          channel,
          text: `Nº ${seq} 🧵 e\u0301`,
          data: { b: seq, a: [1.5] },
        }),
        "ack",
      );
    }
    await Promise.all(wires.map((wire) => wire.find(({ type, seq }) => type === "event" && seq === last)));
    const back = await harness.open("reader-1", { device: "later", gateway: 0, cursors: { [channel]: 0 } });
    await back.find(({ type, seq }) => type === "event" && seq === last);
    const eventsOf = (wire: Wire) => wire.texts.filter((text) => text.startsWith('{"type":"event"'));
    const expected = eventsOf(first);
    expect(expected).toHaveLength(last);
    for (const wire of [...wires, back]) expect(eventsOf(wire)).toEqual(expected);
    await Promise.all([...wires, back].map((wire) => wire.close()));
  });

  test("there is one link between a gateway and a chat server, however many users", async () => {
    const wires = await Promise.all(
      Array.from({ length: 60 }, (_, index) => harness.open(`many-${index}`, { gateway: index % 2 })),
    );
    for (const gateway of processesOf("gateway")) {
      for (const server of processesOf("chat-server")) {
        const port = Number(new URL(server.address).port);
        expect(await countConnections(gateway.pid, port), `${gateway.node} to ${server.node}`).toBe(1);
      }
    }
    await Promise.all(wires.map((wire) => wire.close()));
  });

  // It takes a chat server away, so it comes last.
  test("a chat server that is killed costs no socket, no event and no order", { timeout: 120_000 }, async () => {
    const wires = await Promise.all(
      Array.from({ length: 12 }, (_, index) => harness.open(`calm-${index}`, { gateway: index % 2 })),
    );
    const [first] = wires;
    if (first === undefined) throw new Error("nobody is there");
    const channel = await createGroup(
      first,
      "calm",
      wires.slice(1).map((_, index) => `calm-${index + 1}`),
    );
    const [victim] = processesOf("chat-server");
    if (victim === undefined) throw new Error("there is no chat server");
    let isKilled = false;
    const report = await simulate({
      urls: harness.system.ws,
      tokenOf: harness.tokenOf,
      users: 60,
      channels: 20,
      seconds: 10,
      seed: 11,
      messagesPerS: 30,
      restlessness: 4,
      prefix: "sim-",
      progress: { phase: () => {}, tick: () => {}, end: () => {} },
      onSecond(elapsedS) {
        if (isKilled || elapsedS < 5) return;
        isKilled = true;
        process.kill(victim.pid, "SIGKILL");
      },
    });
    expect(isKilled).toBe(true);
    expect(report.shown).toEqual([]);
    expect(isClean(report)).toBe(true);
    expect(report.closedByServer).toBe(0);
    // How much gets through in ten seconds is the machine's business; that it was more than making channels is ours.
    expect(report.acked).toBeGreaterThan(30);

    for (const [index, wire] of wires.entries()) {
      expect(wire.socket.readyState).toBe(wire.socket.OPEN);
      must(await sendUntilAcked(wire, { id: `after-${index}`, channel, text: "still here" }), "ack");
    }
    for (const wire of wires) {
      await wire.find(({ type, seq }) => type === "event" && seq === 1 + wires.length);
      const seqs = wire.frames.flatMap(({ type, seq, channel: of }) =>
        type === "event" && of === channel ? [seq] : [],
      );
      expect(seqs).toEqual(Array.from({ length: 1 + wires.length }, (_, index) => index + 1));
    }
    await Promise.all(wires.map((wire) => wire.close()));
  });
});
