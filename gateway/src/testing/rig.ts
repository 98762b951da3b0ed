import { createTokenVerifier, signToken, type TokenVerifier } from "@parley/auth";
import { createMemoryCluster, type MemoryCluster } from "@parley/cluster";
import { createLinkConnector, type LinkLimits, LocalLinks } from "@parley/link";
import { createTelemetry } from "@parley/telemetry";
import { onTestFinished, vi } from "vitest";
import { type GatewayConfig, gatewayConfig } from "../config.ts";
import { type Gateway, startGateway } from "../gateway.ts";
import { ScriptedChatServer, type ScriptedOptions } from "./scripted-chat-server.ts";
import { TestClient } from "./test-client.ts";

const key = { kid: "k1", algorithm: "HS256", key: "a test key of at least thirty-two bytes" } as const;
const secret = "a link secret of at least thirty-two bytes";

export function tokenFor(user: string, expiresInS = 600): string {
  return signToken({ user, key, expiresInS });
}

export interface RigOptions {
  readonly config?: Partial<GatewayConfig>;
  readonly tokens?: TokenVerifier;
  readonly linkLimits?: Partial<LinkLimits>;
  readonly now?: () => number;
  readonly wallNow?: () => number;
  readonly random?: () => number;
}

/** One gateway, a real in-process cluster, and as many scripted chat servers and clients as a test wants. */
export interface Rig {
  readonly gateway: Gateway;
  readonly cluster: MemoryCluster;
  readonly metrics: () => Promise<string>;
  chatServer(
    node: string,
    options?: Partial<ScriptedOptions> & { readonly overTcp?: boolean },
  ): Promise<ScriptedChatServer>;
  client(options?: ConstructorParameters<typeof TestClient>[1]): Promise<TestClient>;
  /** A client that has got its welcome. */
  session(user: string, more?: object): Promise<TestClient>;
}

/** Ends with the test that made it. */
export async function startRig(options: RigOptions = {}): Promise<Rig> {
  const cluster = createMemoryCluster();
  const local = new LocalLinks();
  const telemetry = createTelemetry({ node: "gateway-1", role: "gateway", level: "silent" });
  const config = gatewayConfig.with({ port: 0, process: "p1", sweepMs: 20, ...options.config });
  const gateway = await startGateway(config, {
    cluster,
    tokens: options.tokens ?? createTokenVerifier({ algorithms: ["HS256"], keys: { [key.kid]: key.key } }),
    links: createLinkConnector({
      node: config.node,
      process: "p1",
      local,
      secret,
      ...(options.linkLimits && { limits: options.linkLimits }),
    }),
    telemetry,
    ...(options.now && { now: options.now }),
    ...(options.wallNow && { wallNow: options.wallNow }),
    ...(options.random && { random: options.random }),
  });
  const servers: ScriptedChatServer[] = [];
  const clients: TestClient[] = [];
  onTestFinished(async () => {
    for (const client of clients) client.ws.terminate();
    await gateway.close();
    await Promise.all(servers.map((server) => server.stop()));
    await cluster.close();
    telemetry.close();
  });
  const client: Rig["client"] = async (clientOptions) => {
    const made = new TestClient(gateway.wsUrl, clientOptions);
    clients.push(made);
    return await made.open();
  };
  return {
    gateway,
    cluster,
    metrics: () => telemetry.registry.metrics(),
    client,
    async chatServer(node, { overTcp = false, ...more } = {}) {
      const server = await ScriptedChatServer.start({
        node,
        cluster,
        ...(options.linkLimits && { limits: options.linkLimits }),
        ...(overTcp ? { tcp: { host: "127.0.0.1", port: 0, secret } } : { local, process: "p1" }),
        ...more,
      });
      servers.push(server);
      await vi.waitUntil(() => cluster.registry.view().nodes.some((info) => info.node === node));
      return server;
    },
    async session(user, more = {}) {
      const made = await client();
      made.hello(tokenFor(user), more);
      await made.frame("welcome");
      return made;
    },
  };
}
