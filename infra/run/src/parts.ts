import { hostname } from "node:os";
import { chatServerConfig, startChatServer } from "@parley/chat-server";
import type { NodeRole } from "@parley/cluster";
import { readGatewayConfig, startGateway } from "@parley/gateway";
import { createLinkConnector, createLinkListener } from "@parley/link";
import { presenceConfig, startPresence } from "@parley/presence";
import { serveStore } from "@parley/store";
import { meterStore } from "./metered-store.ts";
import type { ProcessPorts } from "./ports.ts";
import { askToEnd } from "./shutdown.ts";

/** A running part of the fleet; a process holds one or several. */
export interface Part {
  readonly role: NodeRole | "store";
  readonly node: string;
  /** ws:// of a gateway, link address of a chat server, http:// of presence. */
  readonly address: string;
  readonly http?: string;
  isReady(): boolean | Promise<boolean>;
  drain(): Promise<void>;
  close(): Promise<void>;
}

export interface FrontOptions {
  readonly node: string;
  readonly host: string;
  readonly port: number;
  /** How clients reach it, where that differs from host and port. */
  readonly publicUrl?: string | undefined;
}

export async function startGatewayPart(ports: ProcessPorts, options: FrontOptions): Promise<Part> {
  const { node, host, port, publicUrl } = options;
  const { cluster, tokens, local, secret } = ports;
  const telemetry = ports.telemetry(node, "gateway");
  const { logger } = telemetry;
  const config = readGatewayConfig(ports.environment, { node, host, port, process: ports.process, publicUrl });
  const links = createLinkConnector({ node, process: ports.process, local, secret, logger });
  const gateway = await startGateway(config, { cluster, tokens, links, telemetry });
  gateway.onDrainAsked(() => askToEnd(`${node} was asked to drain`));
  let isDraining = false;
  return {
    role: "gateway",
    node,
    address: gateway.wsUrl,
    http: gateway.httpUrl,
    isReady: () => !isDraining && gateway.isReady(),
    drain() {
      isDraining = true;
      return gateway.drain();
    },
    close: () => gateway.close(),
  };
}

export interface ChatServerOptions {
  readonly node: string;
  readonly weight?: number;
  /** Absent: only gateways of this process reach it. */
  readonly tcp?: {
    readonly host: string;
    readonly port: number;
    readonly advertisedHost?: string | undefined;
    readonly advertisedPort?: number | undefined;
  };
}

export async function startChatServerPart(ports: ProcessPorts, options: ChatServerOptions): Promise<Part> {
  const { node, weight = 1, tcp } = options;
  const { bus, cluster, tokens, local, secret } = ports;
  const telemetry = ports.telemetry(node, "chat-server");
  const config = chatServerConfig.fromEnvironment(ports.environment, { node, weight, process: ports.process });
  const links = createLinkListener({
    node,
    local,
    logger: telemetry.logger,
    ...(tcp === undefined ? {} : { tcp: { host: tcp.host, port: tcp.port, secret, ...advertised(tcp) } }),
  });
  const store = meterStore(await ports.store(), telemetry.metrics);
  const server = await startChatServer(config, { store, bus, cluster, tokens, links, telemetry, secret });
  server.onDrainAsked(() => askToEnd(`${node} was asked to drain`));
  let isDraining = false;
  return {
    role: "chat-server",
    node,
    address: server.address,
    isReady: () => !isDraining && server.isReady(),
    drain() {
      isDraining = true;
      return server.drain();
    },
    close: () => server.close(),
  };
}

/** Nobody can dial "every address": the host's own name stands for it, which a container network resolves. */
function advertised({ host, advertisedHost, advertisedPort }: NonNullable<ChatServerOptions["tcp"]>): {
  advertisedHost?: string;
  advertisedPort?: number;
} {
  const name = advertisedHost ?? (host === "0.0.0.0" || host === "::" ? hostname() : undefined);
  return {
    ...(name === undefined ? {} : { advertisedHost: name }),
    ...(advertisedPort === undefined ? {} : { advertisedPort }),
  };
}

export async function startPresencePart(ports: ProcessPorts, options: FrontOptions): Promise<Part> {
  const { node, host, port } = options;
  const { cluster, tokens } = ports;
  const telemetry = ports.telemetry(node, "presence");
  const config = presenceConfig.fromEnvironment(ports.environment, { node, host, port, process: ports.process });
  const store = meterStore(await ports.store(), telemetry.metrics);
  const presence = await startPresence(config, { cluster, store, tokens, telemetry });
  presence.onDrainAsked(() => askToEnd(`${node} was asked to drain`));
  return {
    role: "presence",
    node,
    address: presence.httpUrl,
    http: presence.httpUrl,
    isReady: () => presence.isReady(),
    drain: () => presence.drain(),
    close: () => presence.close(),
  };
}

/** Holds the embedded store for the other processes of this machine. **Errors**: rejects where the socket can't be had. */
export async function startStorePart(ports: ProcessPorts, node: string, path: string): Promise<Part> {
  const server = await serveStore(await ports.store(), path);
  return {
    role: "store",
    node,
    address: `unix://${encodeURI(path)}`,
    isReady: () => true,
    drain: async () => {},
    close: () => server.close(),
  };
}

const closeOrder: readonly Part["role"][] = ["gateway", "chat-server", "presence", "store"];

/**
 * Drains all parts of a process at once, then closes them: gateways first, since what they still hold needs the others.
 * At once, so that the clients of a joined gateway that come back elsewhere do not find their session where it will have
 * to leave a moment later.
 */
export async function endParts(parts: readonly Part[]): Promise<void> {
  await Promise.all(parts.map((part) => part.drain()));
  for (const role of closeOrder) {
    await Promise.all(parts.filter((part) => part.role === role).map((part) => part.close()));
  }
}
