import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { requireServer } from "@parley/servers/testing";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { type Fields, isFields } from "../history/content.ts";
import { type Scene, simulate } from "../run/simulate.ts";
import { type Harness, startHarness } from "./harness.ts";

const redis = await requireServer("redis");
const mongodb = await requireServer("mongodb");
const servers = ["--redis", redis?.url ?? "", "--mongodb", mongodb?.url ?? ""];
const env = { PARLEY_CHAT_SERVER_REBALANCE_AFTER_MS: "2000", PARLEY_GATEWAY_DRAIN_SPREAD_MS: "1500" };

/** What `/v1/cluster` tells of one node. */
interface Node {
  readonly node: string;
  readonly epoch: number;
  readonly draining: boolean;
  readonly sessions: number;
}

function createFleet({ system, tokenOf }: Harness) {
  const headers = { authorization: `Bearer ${tokenOf("admin", "admin")}` };
  /** Undefined while presence is away. */
  async function ask(path: string, method = "GET"): Promise<{ status: number; body: Fields } | undefined> {
    const response = await fetch(`${system.presence}${path}`, { headers, method }).catch(() => undefined);
    const body: unknown = await response?.json().catch(() => undefined);
    return response === undefined || !isFields(body) ? undefined : { status: response.status, body };
  }
  async function nodes(role: "gateways" | "chatServers" | "presence"): Promise<readonly Node[]> {
    const list = (await ask("/v1/cluster"))?.body[role];
    return (Array.isArray(list) ? list : []).filter(isFields).map(({ node, epoch, draining, load }) => {
      const [sessions, delayMs] = isFields(load)
        ? [Number(load["sessions"]), Number(load["eventLoopDelayMs"])]
        : [0, 0];
      return { node: String(node), epoch: Number(epoch), draining: draining === true, sessions, delayMs };
    });
  }
  async function until(
    role: Parameters<typeof nodes>[0],
    isMet: (found: readonly Node[]) => boolean,
  ): Promise<readonly Node[]> {
    for (;;) {
      const found = await nodes(role);
      if (isMet(found)) return found;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  return {
    nodes,
    until,
    drain: (node: string) => ask(`/v1/admin/servers/${node}/drain`, "POST"),
    /** Drains a node and resolves when its supervisor has brought it back. */
    async replace(role: Parameters<typeof nodes>[0], node: string): Promise<void> {
      const before = (await nodes(role)).find((one) => one.node === node);
      expect((await ask(`/v1/admin/servers/${node}/drain`, "POST"))?.status).toBe(202);
      await until(role, (found) =>
        found.some((one) => one.node === node && one.epoch !== before?.epoch && !one.draining),
      );
    },
  };
}

/** One more chat server, as an operator starts it beside a fleet that is there. */
function startChatServer(node: string, data: string): ChildProcess {
  const entry = fileURLToPath(new URL("../../../../infra/run/src/node.ts", import.meta.url));
  const args = ["--role", "chat-server", "--node", node, "--data", data, "--log-level", "warn", ...servers];
  const child = spawn(process.execPath, [entry, ...args], { stdio: "ignore", env: { ...process.env, ...env } });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

async function live(harness: Harness, prefix: string, during: (scene: Scene) => Promise<void>) {
  return await simulate({
    urls: harness.system.ws,
    tokenOf: harness.tokenOf,
    users: 60,
    channels: 15,
    seconds: 5,
    seed: 5,
    messagesPerS: 15,
    restlessness: 1,
    prefix,
    progress: { phase: () => {}, tick: () => {}, end: () => {} },
    settleWithinMs: 30_000,
    during,
  });
}

const total = (nodes: readonly Node[]): number => nodes.reduce((sum, { sessions }) => sum + sessions, 0);

describe.skipIf(redis === undefined || mongodb === undefined)("a fleet that changes while people write", () => {
  let harness: Harness;
  let fleet: ReturnType<typeof createFleet>;
  beforeAll(async () => {
    harness = await startHarness({ command: "cluster", args: servers, env });
    fleet = createFleet(harness);
  });
  afterAll(async () => void (await harness?.system.stop()));

  test("a fourth chat server is given its share, and drained again, and nobody loses an event or a socket", {
    timeout: 240_000,
  }, async () => {
    const report = await live(harness, "fourth-", async () => {
      await fleet.until("chatServers", (found) => total(found) > 60);
      const added = startChatServer("chat-4", harness.system.data);
      const ended = once(added, "exit");
      const filled = await fleet.until("chatServers", (found) => {
        const four = found.find(({ node }) => node === "chat-4");
        return four !== undefined && four.sessions >= 0.18 * total(found);
      });
      for (const { sessions } of filled) expect(sessions).toBeLessThanOrEqual((1.25 * total(filled)) / 4 + 6);
      expect((await fleet.drain("chat-4"))?.status).toBe(202);
      expect(await ended).toEqual([0, null]);
      const left = await fleet.until("chatServers", (found) => found.every(({ node }) => node !== "chat-4"));
      expect(left).toHaveLength(3);
    });
    expect(report.shown).toEqual([]);
    expect(report.closedByServer).toBe(0);
    expect(report.acked).toBeGreaterThan(10);
  });

  test("a gateway, a chat server and presence are drained by HTTP in turn: each comes back, and nothing is lost", {
    timeout: 240_000,
  }, async () => {
    const report = await live(harness, "rolling-", async () => {
      await fleet.until("chatServers", (found) => total(found) > 60);
      await fleet.replace("gateways", "gateway-1");
      await fleet.replace("chatServers", "chat-1");
      await fleet.replace("presence", "presence-1");
      expect((await fleet.drain("chat-9"))?.status).toBe(404);
    });
    expect(report.shown).toEqual([]);
    expect(report.acked).toBeGreaterThan(10);
    expect(harness.system.output.filter((line) => line.includes("has drained and ended"))).toHaveLength(3);
    expect(harness.system.output.filter((line) => line.includes("died"))).toEqual([]);
  });
});
