import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createTokenVerifier } from "@parley/auth";
import { createMemoryCluster } from "@parley/cluster";
import { createLinkConnector } from "@parley/link";
import { createTelemetry } from "@parley/telemetry";
import { WebSocketServer } from "ws";
import { gatewayConfig } from "../config.ts";
import { startGateway } from "../gateway.ts";
import type { IdleSetup } from "./idle-setup.ts";

/** The process whose memory is measured: a gateway, or nothing but `ws` with the same bounds. */
const setup = JSON.parse(process.env.PARLEY_BENCH_SETUP ?? "{}") as IdleSetup;

async function gatewayUrl(): Promise<string> {
  const cluster = createMemoryCluster();
  await cluster.registry.join({
    node: "chat-1",
    role: "chat-server",
    address: setup.address,
    process: "chat-1",
    weight: 1,
    state: "up",
    load: { sessions: 0, eventLoopDelayMs: 0, cpu: 0 },
  });
  const gateway = await startGateway(gatewayConfig.with({ port: 0, hellosPerSecond: 100_000, strangersMax: 100_000 }), {
    cluster,
    tokens: createTokenVerifier({ algorithms: ["HS256"], keys: { [setup.kid]: setup.key } }),
    links: createLinkConnector({ node: "gateway-1", process: "bench", secret: setup.secret }),
    telemetry: createTelemetry({ node: "gateway-1", role: "gateway", level: "warn" }),
  });
  return gateway.wsUrl;
}

function bareUrl(): Promise<string> {
  const sockets = new WebSocketServer({ noServer: true, clientTracking: false, maxPayload: 65_536 });
  const server = createServer();
  const held = new Set<object>();
  server.on("upgrade", (request, socket, head) => sockets.handleUpgrade(request, socket, head, (ws) => held.add(ws)));
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/v1/ws`));
  });
}

/** Resident bytes once collecting garbage changes them no more. */
async function settledBytes(): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 6; round++) {
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 300));
    least = Math.min(least, process.memoryUsage.rss());
  }
  return least;
}

process.send?.({ url: setup.isBare ? await bareUrl() : await gatewayUrl() });
process.on("message", (wanted: { what?: string }) => {
  if (wanted.what === "cpu") {
    const { user, system } = process.cpuUsage();
    process.send?.({ cpu: (user + system) / 1_000 });
    return;
  }
  void settledBytes().then((bytes) => process.send?.({ bytes, heap: process.memoryUsage().heapUsed }));
});
process.on("disconnect", () => process.exit(0));
