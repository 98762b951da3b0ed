import { resolve } from "node:path";
import { ConfigError } from "@parley/config";
import { startManagement } from "@parley/telemetry";
import { claimFolder } from "./claim-folder.ts";
import { collectWhenIdle } from "./idle-memory.ts";
import { rotateLog } from "./log-file.ts";
import { endParts, type Part, startChatServerPart, startGatewayPart, startPresencePart } from "./parts.ts";
import { openPorts, type ProcessPorts } from "./ports.ts";
import { withQuickDrain } from "./quick-drain.ts";
import type { Ready } from "./ready.ts";
import { createScreen } from "./screen.ts";
import { nodeTable, type StartSettings, startTable } from "./settings.ts";
import { onShutdown } from "./shutdown.ts";

/** `npm start`: gateway, chat servers and presence in one process, on the embedded store and in-process coordination. */
const endMs = 9_000;
const about = "Runs Parley in one process: a gateway, chat servers and presence, on the embedded store.";

async function start(settings: StartSettings): Promise<void> {
  const data = resolve(settings.data);
  await claimFolder(data);
  const screen = createScreen();
  const logFile = settings.logFile ?? (process.stdout.isTTY ? await rotateLog(data) : undefined);
  const { logLevel } = settings;
  // What the whole process needs of a node's settings; nothing else of the environment moves it off the embedded store.
  const shared = nodeTable.fromEnvironment(process.env, { data, logLevel, logFile });
  const embedded = { ...shared, redis: undefined, mongodb: undefined };
  const ports = await openPorts(embedded, screen.say, withQuickDrain(process.env));
  const parts: Part[] = [];
  onShutdown(
    async (reason) => {
      screen.say(`draining (${reason})`);
      await endParts(parts);
      await ports.close();
      screen.say("stopped; everything acked is on disk");
    },
    endMs,
    screen.say,
  );
  await ports.store();
  screen.say(`store: LMDB in ${data}/log`);
  for (let index = 1; index <= settings.chatServers; index += 1) {
    parts.push(await startChatServerPart(ports, { node: `chat-${index}` }));
  }
  screen.say(`chat servers: ${settings.chatServers}`);
  const { host, port } = settings;
  const gateway = await startGatewayPart(ports, { node: "gateway-1", host, port });
  parts.push(gateway);
  screen.say(`gateway: ${gateway.address}`);
  const presence = await startPresence(ports, host, port === 0 ? 0 : port + 1);
  parts.push(presence);
  screen.say(`presence: ${presence.address}`);
  collectWhenIdle();
  const management = await startManagement({
    host: settings.managementHost,
    port: settings.managementPort,
    registry: ports.registry,
    isReady: async () => (await Promise.all(parts.map((part) => part.isReady()))).every(Boolean),
  });
  await screen.ready({ ...describe(parts, data), management: [management.address] });
}

/** The port after the gateway's where it is free; nothing depends on it. */
async function startPresence(ports: ProcessPorts, host: string, port: number): Promise<Part> {
  try {
    return await startPresencePart(ports, { node: "presence-1", host, port });
  } catch (error) {
    if (port === 0 || !isTaken(error)) throw error;
    return await startPresencePart(ports, { node: "presence-1", host, port: 0 });
  }
}

function describe(parts: readonly Part[], data: string): Omit<Ready, "management"> {
  const gateways = parts.filter(({ role }) => role === "gateway");
  return {
    ws: gateways.map(({ address }) => address),
    http: gateways.flatMap(({ http }) => http ?? []),
    presence: parts.find(({ role }) => role === "presence")?.address ?? "",
    processes: parts.map(({ role, node, address }) => ({ role, pid: process.pid, node, address })),
    data,
  };
}

function isTaken(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EADDRINUSE";
}

try {
  const parsed = startTable.parse(process.argv.slice(2), process.env, about);
  if (parsed.kind === "help") process.stdout.write(parsed.text);
  else await start(parsed.config);
} catch (error) {
  const reason = error instanceof Error ? error.message : String(error);
  process.stderr.write(`start: ${isTaken(error) ? `${reason}; choose another port with --port` : reason}\n`);
  process.exit(error instanceof ConfigError ? 2 : 1);
}
