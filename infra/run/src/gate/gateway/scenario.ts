import { createTokenVerifier, signToken } from "@parley/auth";
import { createMemoryCluster } from "@parley/cluster";
import { gatewayConfig, startGateway } from "@parley/gateway";
import { createLinkConnector } from "@parley/link";
import { createTelemetry } from "@parley/telemetry";
import { startFarEnd } from "../far-end.ts";
import type { Work } from "../slices.ts";
import { mustBeCounts, readWrites } from "../thread-use.ts";
import type { FarClientsSetup } from "./far-clients.ts";

const secret = "0123456789abcdef0123456789abcdef";
const key = { kid: "k1", algorithm: "HS256", key: "a test key of at least thirty-two bytes" } as const;
const talk = { members: 10, messages: 5 };
const clientCount = 80;

/**
 * A gateway between clients on real sockets and a scripted chat server at the other end of a link: requests on their way
 * in with their acks on their way out, and events that fan out.
 */
export async function openGateway(): Promise<readonly Work[]> {
  const node = "gateway-1";
  const cluster = createMemoryCluster();
  const limits = { inBytesPerSecond: 100_000_000, inBurstBytes: 100_000_000, hellosPerSecond: 100_000 };
  const gateway = await startGateway(gatewayConfig.with({ node, port: 0, ...limits }), {
    cluster,
    tokens: createTokenVerifier({ algorithms: [key.algorithm], keys: { [key.kid]: key.key } }),
    links: createLinkConnector({ node, process: node, secret }),
    telemetry: createTelemetry({ node, role: "gateway", level: "silent" }),
  });
  const tokens = Array.from({ length: clientCount }, (_, index) =>
    signToken({ user: `user-${index}`, key, expiresInS: 3_600 }),
  );
  const setup: FarClientsSetup = { wsUrl: gateway.wsUrl, secret, tokens, ...talk };
  const far = startFarEnd(new URL("./far-clients.ts", import.meta.url), setup);
  await cluster.registry.join({
    node: "chat-1",
    role: "chat-server",
    address: String(await far.ask("address")),
    process: "chat-1",
    weight: 1,
    state: "up",
    load: { sessions: 0, eventLoopDelayMs: 0, cpu: 0 },
  });
  await far.ask("connect");
  const common = {
    messages: (clientCount / talk.members) * talk.messages,
    counts: async () => ({ ...mustBeCounts(await far.ask("counts")), ...readWrites() }),
  };
  return [
    {
      ...common,
      name: "gateway: a request and its ack",
      roundsASlice: 12,
      mix: { pieces: 1_000, piecesAWrite: 4 },
      round: () => far.ask("request"),
    },
    {
      ...common,
      name: "gateway: an event to ten",
      roundsASlice: 12,
      mix: { pieces: 1_000, piecesAWrite: 4 },
      round: () => far.ask("events"),
    },
  ];
}
