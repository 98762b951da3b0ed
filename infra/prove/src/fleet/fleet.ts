import { closeSync, openSync, writeSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadOrCreateKeyFile, loadOrCreateSecret } from "@parley/auth";
import { createSupervisor, type Supervisor, withQuickDrain } from "@parley/run";
import { faultNodeModule, troubleFileVariable } from "@parley/run/testing";
import { findQuietPort } from "@parley/servers/testing";
import { createTokens } from "@parley/simulator";
import { startMongoProxy, startRedisProxy, startTcpProxy, type TcpProxy } from "@parley/simulator/faults";
import type { Shape } from "../row.ts";
import { type Coroner, createCoroner } from "./coroner.ts";
import { isReady } from "./metrics.ts";
import { type FleetNode, type FleetRole, type NodeEvents, type NodeProxies, startNode } from "./node.ts";
import { type FleetServer, startFleetRedis, startFleetStore } from "./servers.ts";
import { waitFor } from "./wait.ts";

/**
 * A whole system on this machine in the shape of `npm run cluster`: real Redis, a real MongoDB-wire server, and each
 * part in a process of its own that a supervisor starts again when it dies. Every connection between them goes through
 * a fault proxy of its own: clients to each gateway, gateways to each chat server, each process to Redis and the store.
 */
export interface Fleet {
  readonly topology: "cluster";
  readonly gateways: readonly FleetNode[];
  readonly chatServers: readonly FleetNode[];
  readonly presence: FleetNode;
  /** All of them. */
  readonly nodes: readonly FleetNode[];
  readonly proxies: readonly TcpProxy[];
  readonly redis: FleetServer;
  readonly store: FleetServer;
  /** Where clients come in: one a gateway, by way of the proxies. */
  readonly urls: readonly string[];
  readonly tokenOf: (user: string, scope?: string) => string;
  readonly coroner: Coroner;
  /** Everything that the processes logged. */
  readonly logFile: string;
  /** Ends every fault that proxies, servers and signals can have, and resolves when all is up and ready. */
  heal(): Promise<void>;
  /** SIGTERM to all, in the order of `npm run cluster`; how they end is the coroner's business. */
  end(): Promise<void>;
  /** Leaves nothing behind, however things stand. **Repeat**: does nothing. */
  close(): Promise<void>;
}

export interface FleetOptions extends Shape {
  /** Of the proxies' draws. */
  readonly seed: number;
  /** For data and logs; kept. */
  readonly folder: string;
  readonly say: (line: string) => void;
  /** Told of each end of a process and each start after the first. */
  readonly onChange: (node: string, what: string) => void;
}

const readyWithinMs = 60_000;
const endWithinMs = 20_000;

/** **Errors**: rejects, with nothing left behind, when a part does not come up. */
export async function startFleet(options: FleetOptions): Promise<Fleet> {
  const builder = new FleetBuilder(options);
  try {
    return await builder.build();
  } catch (error) {
    await builder.close();
    throw error;
  }
}

class FleetBuilder {
  readonly #options: FleetOptions;
  readonly #proxies: TcpProxy[] = [];
  readonly #servers: FleetServer[] = [];
  readonly #nodes = new Map<string, FleetNode & NodeEvents>();
  readonly #log: number;
  readonly #logFile: string;
  readonly #troubleFile: string;
  readonly #coroner: Coroner;
  readonly #supervisor: Supervisor;
  #data = "";
  #isClosed = false;

  constructor(options: FleetOptions) {
    this.#options = options;
    this.#logFile = join(options.folder, "fleet.log");
    this.#troubleFile = join(options.folder, "trouble.jsonl");
    this.#log = openSync(this.#logFile, "a");
    this.#coroner = createCoroner(this.#troubleFile, (node, how) => options.onChange(node, `ended: ${how}`));
    this.#supervisor = createSupervisor({
      module: faultNodeModule,
      // Beside what the processes log: why one could not start, or not end.
      say: (line) => void writeSync(this.#log, `${line}\n`),
      output: this.#log,
      onBack: ({ node }, pid, up) => {
        this.#nodes.get(node)?.cameUp(pid, up);
        options.onChange(node, `is back: pid ${pid}`);
      },
      onExit: (exit) => {
        this.#nodes.get(exit.spec.node)?.wentDown();
        if (!this.#isClosed) this.#coroner.note(exit);
      },
      onMessage: ({ node }, message) => this.#nodes.get(node)?.heard(message),
    });
  }

  async build(): Promise<Fleet> {
    const { folder, gateways: gatewayCount, chatServers: chatServerCount, say } = this.#options;
    // Not in the folder that is kept: nobody needs the database of a run that went well.
    this.#data = await mkdtemp(join(tmpdir(), "parley-prove-"));
    // Made here, before many processes ask for them at once.
    await loadOrCreateKeyFile(this.#data);
    await loadOrCreateSecret(this.#data);
    say(`starting Redis, a store and ${gatewayCount + chatServerCount + 1} processes (logs in ${folder})`);
    const [redis, store] = await Promise.all([startFleetRedis(), startFleetStore(join(this.#data, "store"))]);
    this.#servers.push(redis, store);
    const many = (role: FleetRole, prefix: string, count: number) =>
      Promise.all(
        Array.from({ length: count }, (_, index) => this.#start(role, `${prefix}-${index + 1}`, redis, store)),
      );
    // As `npm run cluster` does: a gateway without any chat server refuses clients.
    const chatServers = await many("chat-server", "chat", chatServerCount);
    const gateways = await many("gateway", "gateway", gatewayCount);
    const [presence] = await many("presence", "presence", 1);
    if (presence === undefined) throw new Error("presence was not started");
    const nodes = [...gateways, ...chatServers, presence];
    await this.#allReady(nodes);
    return {
      topology: "cluster",
      gateways,
      chatServers,
      presence,
      nodes,
      proxies: this.#proxies,
      redis,
      store,
      urls: gateways.map(({ up }) => up.ws ?? ""),
      tokenOf: await createTokens(this.#data),
      coroner: this.#coroner,
      logFile: this.#logFile,
      heal: () => this.#heal(nodes),
      end: () => this.#end(gateways, chatServers, presence),
      close: () => this.close(),
    };
  }

  async #start(role: FleetRole, name: string, redis: FleetServer, store: FleetServer): Promise<FleetNode & NodeEvents> {
    const { seed, environment, environmentOf } = this.#options;
    const port = await findQuietPort();
    const proxies: NodeProxies = {
      redis: await startRedisProxy({ url: redis.url, seed }),
      ...(role === "presence" ? {} : { front: await startTcpProxy({ target: { host: "127.0.0.1", port }, seed }) }),
      ...(role === "gateway"
        ? {}
        : { store: await startMongoProxy({ url: withDatabase(store.url, `prove_${process.pid}`), seed }) }),
    };
    this.#proxies.push(...Object.values(proxies));
    const place: Record<string, string> =
      role === "chat-server"
        ? { PARLEY_LINK_PORT: String(port), PARLEY_LINK_ADVERTISED_PORT: String(proxies.front?.port ?? 0) }
        : { PARLEY_PORT: String(port) };
    if (role === "gateway") place["PARLEY_ADVERTISED_URL"] = `ws://127.0.0.1:${proxies.front?.port}/v1/ws`;
    const spec = {
      node: name,
      role,
      environment: {
        ...withQuickDrain({}),
        PARLEY_DATA: this.#data,
        PARLEY_REDIS: proxies.redis.url,
        PARLEY_MONGODB: proxies.store?.url ?? "",
        PARLEY_HOST: "127.0.0.1",
        PARLEY_LOG_LEVEL: "info",
        PARLEY_LOG_FILE: "",
        PARLEY_ROLE: role,
        PARLEY_NODE: name,
        [troubleFileVariable]: this.#troubleFile,
        ...place,
        ...environment,
        ...environmentOf(name, seed),
      },
    };
    const supervisor = this.#supervisor;
    const node = await startNode({ spec, role, proxies, supervisor, coroner: this.#coroner });
    this.#nodes.set(name, node);
    return node;
  }

  async #heal(nodes: readonly FleetNode[]): Promise<void> {
    for (const { store, redis } of nodes) {
      store?.clearRules();
      redis.setPush({ drop: 0, double: 0, reorder: 0 });
    }
    for (const proxy of this.#proxies) proxy.heal();
    for (const server of this.#servers) await server.start();
    for (const node of nodes) if (node.isUp) node.signal("SIGCONT");
    await this.#allReady(nodes);
  }

  #allReady(nodes: readonly FleetNode[]): Promise<void> {
    const isThere = async (): Promise<boolean> =>
      nodes.every(({ isUp }) => isUp) &&
      (await Promise.all(nodes.map(({ up }) => isReady(up.management)))).every(Boolean);
    return waitFor("a fleet that is ready", isThere, readyWithinMs);
  }

  async #end(gateways: readonly FleetNode[], chatServers: readonly FleetNode[], presence: FleetNode): Promise<void> {
    for (const stage of [gateways, chatServers, [presence]]) {
      await this.#supervisor.stop(
        stage.map(({ name }) => name),
        endWithinMs,
      );
    }
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#supervisor.kill();
    await Promise.all(this.#proxies.map((proxy) => proxy.close()));
    await Promise.all(this.#servers.map((server) => server.close()));
    closeSync(this.#log);
    await rm(this.#data, { recursive: true, force: true });
  }
}

function withDatabase(url: string, database: string): string {
  const named = new URL(url);
  named.pathname = `/${database}`;
  return named.href;
}
