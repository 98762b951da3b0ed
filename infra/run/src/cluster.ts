import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { loadOrCreateKeyFile, loadOrCreateSecret } from "@parley/auth";
import { ConfigError } from "@parley/config";
import { startMongo, startRedis } from "@parley/servers";
import { claimFolder } from "./claim-folder.ts";
import { planFleet } from "./fleet.ts";
import { type KeptServer, keepServer } from "./keep-server.ts";
import { rotateLog } from "./log-file.ts";
import type { ProcessLine, Ready } from "./ready.ts";
import { createScreen } from "./screen.ts";
import { type ClusterSettings, clusterTable, joinedTable } from "./settings.ts";
import { onShutdown } from "./shutdown.ts";
import { type Child, createSupervisor } from "./supervisor.ts";

/** `npm run cluster`: every part in a process of its own, on Redis and a MongoDB-wire server. */
const about = "Runs Parley as separate processes on this machine, on Redis and a MongoDB-wire server.";
/** All stages of the end together stay under ten seconds. */
const stageMs = { gateway: 5_000, "chat-server": 2_500, presence: 1_000, store: 500 };
const endMs = 9_500;

async function run(settings: ClusterSettings): Promise<void> {
  const data = resolve(settings.data);
  await claimFolder(data);
  const screen = createScreen();
  const { say } = screen;
  const logFile = settings.logFile ?? (process.stdout.isTTY ? await rotateLog(data) : undefined);
  // Made here, before many processes ask for them at once.
  await loadOrCreateKeyFile(data);
  await loadOrCreateSecret(data);

  const servers: KeptServer[] = [];
  const children: Child[] = [];
  const supervisor = createSupervisor({ module: fileURLToPath(new URL("./node.ts", import.meta.url)), say });
  const stop = async (): Promise<void> => {
    for (const role of ["gateway", "chat-server", "presence", "store"] as const) {
      const nodes = children.filter(({ spec }) => spec.role === role || (role === "gateway" && spec.role === "joined"));
      await supervisor.stop(
        nodes.map(({ spec }) => spec.node),
        stageMs[role],
      );
    }
    supervisor.kill();
    await Promise.all(servers.map((server) => server.close()));
  };
  onShutdown(
    async (reason) => {
      say(`draining (${reason}): gateways, chat servers, presence, servers`);
      await stop();
      say("stopped; everything acked is in the store");
    },
    endMs,
    say,
  );

  try {
    const onProgress = say;
    const startOwnRedis = (): Promise<KeptServer> =>
      keepServer("redis", (port) => startRedis({ ...at(port), onProgress }), say);
    const redis = await openServer(settings.redis, startOwnRedis, servers);
    say(`redis: ${hideCredentials(redis)}`);
    const startOwnStore = (): Promise<KeptServer> =>
      keepServer("store", (port) => startMongo({ dir: `${data}/store`, ...at(port), onProgress }), say);
    const mongodb = settings.store === "lmdb" ? undefined : await openServer(settings.mongodb, startOwnStore, servers);
    say(`store: ${mongodb === undefined ? `LMDB in ${data}` : hideCredentials(mongodb)}`);
    const common = {
      PARLEY_DATA: data,
      PARLEY_REDIS: redis,
      PARLEY_MONGODB: mongodb ?? "",
      PARLEY_STORE_SOCKET: mongodb === undefined ? socketIn(data) : "",
      PARLEY_HOST: settings.host,
      PARLEY_LOG_LEVEL: settings.logLevel,
      PARLEY_LOG_FILE: logFile ?? "",
    };
    for (const stage of planFleet(settings, common)) {
      const started = await Promise.all(stage.map((spec) => supervisor.start(spec)));
      for (const child of started) {
        children.push(child);
        say(
          `${child.spec.role} ${child.spec.node}: pid ${child.pid}, ${child.up.parts.map(({ address }) => address).join(" and ")}`,
        );
      }
    }
    await screen.ready(describe(children, servers, data));
  } catch (error) {
    supervisor.kill();
    await Promise.all(servers.map((server) => server.close()));
    throw error;
  }
}

async function openServer(
  url: string | undefined,
  start: () => Promise<KeptServer>,
  servers: KeptServer[],
): Promise<string> {
  if (url !== undefined) return url;
  const server = await start();
  servers.push(server);
  return server.current.url;
}

/** **Errors**: ConfigError for a folder whose path leaves no room. **Source**: unix(7), 108 bytes with the zero. */
function socketIn(data: string): string {
  const path = join(data, "store.sock");
  if (Buffer.byteLength(path) > 107) {
    throw new ConfigError(
      `data: the path ${data} is too long for a Unix socket in it; --store lmdb needs a shorter one`,
    );
  }
  return path;
}

function at(port: number | undefined): { port?: number } {
  return port === undefined ? {} : { port };
}

function hideCredentials(url: string): string {
  return url.replace(/\/\/[^@/]*@/, "//");
}

function describe(children: readonly Child[], servers: readonly KeptServer[], data: string): Ready {
  const own = servers.flatMap(({ current: { kind, pid, url } }): ProcessLine[] => {
    return pid === undefined ? [] : [{ role: kind === "redis" ? "redis" : "store", pid, node: kind, address: url }];
  });
  return {
    ws: children.flatMap(({ up }) => up.ws ?? []),
    http: children.flatMap(({ up }) => up.http ?? []),
    presence: children.find(({ up }) => up.presence !== undefined)?.up.presence ?? "",
    processes: [...children.flatMap(({ pid, up }) => up.parts.map((part) => ({ ...part, pid }))), ...own],
    data,
    management: children.map(({ up }) => up.management),
  };
}

try {
  const args = process.argv.slice(2);
  const parsed = clusterTable.parse(args, process.env, about);
  if (parsed.kind === "help") process.stdout.write(parsed.text);
  else if (parsed.config.joined === 0) await run(parsed.config);
  else await run(joinedTable.mustParse(args, process.env));
} catch (error) {
  process.stderr.write(`cluster: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(error instanceof ConfigError ? 2 : 1);
}
