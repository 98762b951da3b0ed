import { hostname } from "node:os";
import { resolve } from "node:path";
import { ConfigError } from "@parley/config";
import { startManagement } from "@parley/telemetry";
import { tellParent } from "./child-message.ts";
import { collectWhenIdle } from "./idle-memory.ts";
import { endParts, type Part, startChatServerPart, startGatewayPart, startPresencePart } from "./parts.ts";
import { openPorts, type ProcessPorts } from "./ports.ts";
import { type NodeSettings, nodeTable } from "./settings.ts";
import { onShutdown } from "./shutdown.ts";

/** One process of a fleet: a gateway, a chat server, presence, or a gateway and a chat server joined. */
const about = "Runs one process of a Parley fleet.";

function say(line: string): void {
  if (process.connected) tellParent({ kind: "say", line });
  else process.stderr.write(`${line}\n`);
}

async function run(settings: NodeSettings): Promise<void> {
  const ports = await openPorts({ ...settings, data: resolve(settings.data) }, say);
  const parts: Part[] = [];
  const management = await startManagement({
    host: settings.managementHost,
    port: settings.managementPort,
    registry: ports.registry,
    isReady: async () => parts.length > 0 && (await Promise.all(parts.map((part) => part.isReady()))).every(Boolean),
  });
  onShutdown(
    async () => {
      await endParts(parts);
      await management.close();
      await ports.close();
    },
    settings.drainMs,
    say,
  );
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
      environment: placeOf(parts),
    },
  });
}

/** Chat servers before gateways: a gateway without any answers 4503. */
function partsOf(settings: NodeSettings): readonly ((ports: ProcessPorts) => Promise<Part>)[] {
  const { role, host, port, weight, advertisedUrl, linkHost, linkPort, linkAdvertisedHost } = settings;
  const node =
    settings.node ??
    `${role}-${hostname()
      .replace(/[^A-Za-z0-9_-]/g, "-")
      .slice(0, 32)}-${process.pid}`;
  const nodeOf = (part: string): string => (role === "joined" ? `${node}-${part}`.slice(0, 64) : node);
  // Alone, without Redis, nobody could find the port.
  const tcp =
    settings.redis === undefined ? {} : { tcp: { host: linkHost, port: linkPort, advertisedHost: linkAdvertisedHost } };
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
    default:
      return role satisfies never;
  }
}

/** So that a restart is found where it was. */
function placeOf(parts: readonly Part[]): Record<string, string> {
  const place: Record<string, string> = {};
  for (const { role, address, http } of parts) {
    const port = URL.canParse(http ?? address) ? new URL(http ?? address).port : "";
    if (port !== "") place[role === "chat-server" ? "PARLEY_LINK_PORT" : "PARLEY_PORT"] = port;
  }
  return place;
}

try {
  const parsed = nodeTable.parse(process.argv.slice(2), process.env, about);
  if (parsed.kind === "help") process.stdout.write(parsed.text);
  else await run(parsed.config);
} catch (error) {
  process.stderr.write(`parley: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(error instanceof ConfigError ? 2 : 1);
}
