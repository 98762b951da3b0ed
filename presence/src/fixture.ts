import { createTokenVerifier } from "@parley/auth";
import { createTestTokens } from "@parley/auth/testing";
import { createMemoryCluster, type Lease, type NodeInfo, type NodeRole } from "@parley/cluster";
import { createManualClock } from "@parley/cluster/testing";
import type { LogEvent } from "@parley/store";
import { openMemoryStore } from "@parley/store/testing";
import { createTestTelemetry } from "@parley/telemetry/testing";
import { afterEach } from "vitest";
import { presenceConfig } from "./config.ts";
import { startPresence } from "./presence.ts";

export const apiKey = "k".repeat(40);
export const otherKey = "o".repeat(40);

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

export const infoOf = (node: string, role: NodeRole): Omit<NodeInfo, "epoch"> => ({
  node,
  role,
  address: role === "gateway" ? "ws://127.0.0.1:1" : "tcp://127.0.0.1:2",
  process: `p-${node}`,
  weight: 1,
  state: "up",
  load: { sessions: 3, eventLoopDelayMs: 1.5, cpu: 0.25 },
});

export async function startFixture(changes: Partial<Parameters<typeof presenceConfig.with>[0]> = {}, aheadMs = 0) {
  const clock = createManualClock();
  const cluster = createMemoryCluster({ clock });
  const store = openMemoryStore();
  const tokens = createTestTokens();
  const telemetry = createTestTelemetry("presence-1", "presence");
  const config = presenceConfig.with({ port: 0, apiKeys: [otherKey, apiKey], reapIntervalMs: 100, ...changes });
  const { kid, key } = tokens.key;
  const verifier = createTokenVerifier({
    algorithms: ["HS256"],
    keys: { [kid]: key },
    now: () => Date.now() + aheadMs,
  });
  const presence = await startPresence(config, { cluster, store, tokens: verifier, telemetry });
  closers.push(async () => {
    await presence.close();
    await cluster.close();
    await store.close();
    telemetry.close();
  });
  const chat = await cluster.registry.join(infoOf("chat-1", "chat-server"));
  clock.advance(5_000);

  async function ask(path: string, init: RequestInit & { key?: string | undefined } = {}): Promise<Answer> {
    const { key = apiKey, ...rest } = init;
    const headers = new Headers(init.headers);
    if (key !== "") headers.set("authorization", `Bearer ${key}`);
    const response = await fetch(`${presence.httpUrl}${path}`, { ...rest, headers });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: text.startsWith("{") ? JSON.parse(text) : { text },
    };
  }
  const query = (users: unknown, init: RequestInit = {}) =>
    ask("/v1/presence/query", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ users }),
      ...init,
    });
  let sockets = 0;
  async function connect(user: string, device = "phone", lease: Lease = chat): Promise<string> {
    sockets += 1;
    const connection = `s${sockets}`;
    const place = { node: lease.node, epoch: lease.epoch, gateway: "gateway-1", since: 1_700_000_000_000 };
    await cluster.presence.put(user, { connection, device, ...place });
    return connection;
  }
  return { clock, cluster, store, tokens, telemetry, presence, chat, ask, query, connect };
}

/** Appends control and other events as a chat server would. */
export function createLog(channel: string) {
  let [seq, control, ordinal] = [0, 0, 0];
  return (body: LogEvent["body"]): LogEvent => {
    seq += 1;
    if (body.kind === "message") ordinal += 1;
    const event = { channel, seq, sender: "ada", id: `r${seq}`, time: seq, ordinal, control, hash: "h", body };
    if (body.kind === "created" || body.kind === "member") control = seq;
    return event;
  };
}

export const deviceAnswer = { device: "phone", gateway: "gateway-1", server: "chat-1", since: 1_700_000_000_000 };
