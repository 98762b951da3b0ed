import { hostname } from "node:os";
import { resolve } from "node:path";
import { type Management, startManagement } from "@parley/telemetry";
import { tellParent } from "./child-message.ts";
import { collectWhenIdle } from "./idle-memory.ts";
import {
  endParts,
  type Part,
  startChatServerPart,
  startGatewayPart,
  startPresencePart,
  startStorePart,
} from "./parts.ts";
import { openPorts, type ProcessPorts } from "./ports.ts";
import type { NodeSettings } from "./settings.ts";
import { onShutdown } from "./shutdown.ts";

/**
 * Runs one process of a fleet: opens its ports, starts its parts, tells the parent where they are, and ends them on a
 * signal. `wrap` puts something between the parts and their ports; it is there for tests, production gives none.
 */
export async function runNode(
  settings: NodeSettings,
  say: (line: string) => void,
  wrap: (ports: ProcessPorts) => ProcessPorts = (ports) => ports,
): Promise<void> {
  const parts: Part[] = [];
  let ports: ProcessPorts | undefined;
  let management: Management | undefined;
  // Before anything is waited for: whoever still waits for Redis must not outlive the process that started it.
  onShutdown(
    async () => {
      await endParts(parts);
      await management?.close();
      await ports?.close();
    },
    settings.drainMs,
    say,
  );
  // The store's own process talks to nobody but those who come to it, and opens its files itself.
  const alone = settings.role === "store" ? { redis: undefined, mongodb: undefined, storeSocket: undefined } : {};
  ports = wrap(await openPorts({ ...settings, ...alone, data: resolve(settings.data) }, say));
  management = await startManagement({
    host: settings.managementHost,
    port: settings.managementPort,
    registry: ports.registry,
    isReady: async () => parts.length > 0 && (await Promise.all(parts.map((part) => part.isReady()))).every(Boolean),
  });
  collectWhenIdle();
  const wanted = partsOf(settings);
  for (const start of wanted) parts.push(await start(ports));
  const gateway = parts.find(({ role }) => role === "gateway");
  const presence = parts.find(({ role }) => role === "presence");
  tellParent({
    kind: "up",
    up: {
      parts: parts.map(({ role, node, address }) => ({ role, node, address })),
      ...(gateway?.http === undefined ? {} : { ws: gateway.address, http: gateway.http }),
      ...(presence === undefined ? {} : { presence: presence.address }),
      management: management.address,
      environment: placeOf(parts, settings),
    },
  });
}

/** Chat servers before gateways: a gateway without any answers 4503. */
function partsOf(settings: NodeSettings): readonly ((ports: ProcessPorts) => Promise<Part>)[] {
  const { role, host, port, weight, advertisedUrl, linkHost, linkPort, storeSocket } = settings;
  const node =
    settings.node ??
    `${role}-${hostname()
      .replace(/[^A-Za-z0-9_-]/g, "-")
      .slice(0, 32)}-${process.pid}`;
  const nodeOf = (part: string): string => (role === "joined" ? `${node}-${part}`.slice(0, 64) : node);
  const { linkAdvertisedHost: advertisedHost, linkAdvertisedPort } = settings;
  const advertisedPort = linkAdvertisedPort === 0 ? undefined : linkAdvertisedPort;
  // Alone, without Redis, nobody could find the port.
  const tcp =
    settings.redis === undefined ? {} : { tcp: { host: linkHost, port: linkPort, advertisedHost, advertisedPort } };
  const chatServer = (ports: ProcessPorts) => startChatServerPart(ports, { node: nodeOf("chat"), weight, ...tcp });
  const gateway = (ports: ProcessPorts) => {
    return startGatewayPart(ports, { node: nodeOf("gateway"), host, port, publicUrl: advertisedUrl });
  };
  switch (role) {
    case "gateway":
      return [gateway];
    case "chat-server":
      return [chatServer];
    case "presence":
      return [(ports) => startPresencePart(ports, { node, host, port })];
    case "joined":
      return [chatServer, gateway];
    case "store":
      return [(ports) => startStorePart(ports, node, storeSocket ?? "")];
    default:
      return role satisfies never;
  }
}

/** So that a restart is found where it was. */
function placeOf(parts: readonly Part[], { linkAdvertisedPort }: NodeSettings): Record<string, string> {
  const place: Record<string, string> = {};
  for (const { role, address, http } of parts) {
    // That is where others reach it, not where it listens; what stands before it needs a fixed port anyway.
    if (role === "chat-server" && linkAdvertisedPort !== 0) continue;
    const port = URL.canParse(http ?? address) ? new URL(http ?? address).port : "";
    if (port !== "") place[role === "chat-server" ? "PARLEY_LINK_PORT" : "PARLEY_PORT"] = port;
  }
  return place;
}
