import { type ConfigOf, defineConfig, type Fields } from "@parley/config";

/** Where coordination and storage are; without both everything lives in one process, on the embedded store. */
const places = {
  data: { type: "string", default: "./data", help: "Folder of the signing keys, the secret and the embedded store." },
  redis: {
    type: "string",
    default: undefined,
    isSecret: true,
    pattern: /^redis(s|-sentinel|-cluster)?:\/\/\S+$/,
    range:
      "a URL as redis://host:port, redis-sentinel://host:port,host:port/name or redis-cluster://host:port,host:port",
    help: "Redis for coordination between processes.",
  },
  storeSocket: {
    type: "string",
    default: undefined,
    help: "Unix socket of the process that holds the embedded store (role `store`), where that is another one.",
  },
  mongodb: {
    type: "string",
    default: undefined,
    isSecret: true,
    pattern: /^mongodb(\+srv)?:\/\/\S+$/,
    range: "a URL as mongodb://host:port/database",
    help: "MongoDB for the logs of all channels.",
  },
} as const satisfies Fields;

const logging = {
  logLevel: {
    type: "choice",
    choices: ["fatal", "error", "warn", "info", "debug", "trace", "silent"],
    default: "info",
    help: "How much is logged; `info` is what an operator wants in a quiet hour.",
  },
  logFile: {
    type: "string",
    default: undefined,
    help: "File that logs are appended to; without it they go to stderr.",
  },
} as const satisfies Fields;

const host = {
  type: "string",
  default: "127.0.0.1",
  pattern: /^[A-Za-z0-9.:_-]{1,255}$/,
  range: "a host name or an IP address",
} as const;
const port = { type: "integer", unit: "port", min: 0, max: 65_535 } as const;

/** Gateway i listens on port + i, presence after them; 0 picks free ports everywhere. */
const front = {
  host: { ...host, help: "Address that clients reach gateways and presence at." },
  port: { ...port, default: 8_080, help: "First port; 0 picks free ones." },
} as const satisfies Fields;

const management = {
  managementHost: { ...host, help: "Address of /livez, /readyz and /metrics." },
  managementPort: { ...port, default: 0, help: "Port of /livez, /readyz and /metrics; 0 picks a free one." },
} as const satisfies Fields;

const count = { type: "integer", min: 0, max: 64 } as const;

export const startTable = defineConfig("", {
  ...front,
  data: places.data,
  ...logging,
  ...management,
  chatServers: { ...count, unit: "chat servers", min: 1, default: 2, help: "Chat servers in this process." },
});

function defineClusterTable(gateways: number, chatServers: number) {
  const { storeSocket: _ownSocket, ...clusterPlaces } = places;
  return defineConfig(
    "",
    {
      ...front,
      ...clusterPlaces,
      store: {
        type: "choice",
        choices: ["mongodb", "lmdb"],
        default: "mongodb",
        help: "`lmdb`: the embedded store in the data folder, in a process of its own; for one machine only.",
      },
      ...logging,
      gateways: {
        ...count,
        unit: "processes",
        default: gateways,
        help: "Gateway processes; none by default with --joined.",
      },
      chatServers: {
        ...count,
        unit: "processes",
        default: chatServers,
        help: "Chat server processes; none by default with --joined.",
      },
      joined: {
        ...count,
        unit: "processes",
        default: 0,
        help: "Processes that hold a gateway and a chat server each.",
      },
    },
    [
      ({ store, mongodb }) =>
        store === "lmdb" && mongodb !== undefined
          ? "--store lmdb and --mongodb (PARLEY_MONGODB) can't be used together: there is one store"
          : undefined,
    ],
  );
}

export const clusterTable = defineClusterTable(2, 3);
/** With `--joined` the joined processes are the fleet, and others come only where they are asked for. */
export const joinedTable = defineClusterTable(0, 0);

const name = { type: "string", pattern: /^[A-Za-z0-9_-]{1,64}$/, range: "1 to 64 characters A-Z a-z 0-9 _ -" } as const;

/** Of one process of a fleet. */
export const nodeTable = defineConfig(
  "",
  {
    role: {
      type: "choice",
      choices: ["gateway", "chat-server", "presence", "joined", "store"],
      default: "joined",
      help: "What this process is; `joined` holds a gateway and a chat server, `store` the embedded store for others.",
    },
    node: { ...name, default: undefined, help: "Name in the fleet, unique; by default made of host, role and pid." },
    ...front,
    ...places,
    ...logging,
    linkHost: { ...host, help: "Address that a chat server waits for gateways at." },
    linkPort: { ...port, default: 0, help: "Port that a chat server waits for gateways at." },
    linkAdvertisedHost: {
      ...host,
      default: undefined,
      help: "Name that gateways reach this chat server by, if another.",
    },
    linkAdvertisedPort: {
      ...port,
      default: 0,
      help: "Port that gateways reach this chat server by, where a proxy or a mapped port is before it; 0: linkPort.",
    },
    advertisedUrl: {
      type: "string",
      default: undefined,
      help: "ws:// address that clients reach this gateway by, if another.",
    },
    weight: {
      type: "number",
      unit: "share",
      default: 1,
      min: 0.1,
      max: 10,
      help: "Share of users and channels of a chat server.",
    },
    ...management,
    drainMs: {
      type: "integer",
      unit: "ms",
      default: 15_000,
      min: 100,
      max: 600_000,
      help: "Time to drain, longer than what its parts take by their own settings; after it the process ends anyway.",
    },
    tokenAlgorithms: {
      type: "list",
      default: ["HS256"],
      pattern: /^(HS256|RS256|ES256)$/,
      range: "HS256, RS256 or ES256",
      entriesMax: 3,
      help: "Algorithms that tokens may be signed with.",
    },
    tokenJwks: {
      type: "string",
      default: undefined,
      help: "File or https address of a JWKS; without it DATA/token-key.json.",
    },
    tokenAudience: { type: "string", default: undefined, help: "`aud` that tokens must have." },
    tokenIssuer: { type: "string", default: undefined, help: "`iss` that tokens must have." },
    tokenClockToleranceS: {
      type: "integer",
      unit: "s",
      default: 0,
      min: 0,
      max: 300,
      help: "By how much clocks may differ.",
    },
  },
  [
    (config) =>
      config.role === "store" && config.storeSocket === undefined
        ? "role store needs --store-socket (PARLEY_STORE_SOCKET): where it is to be reached"
        : undefined,
    (config) =>
      config.storeSocket !== undefined && config.mongodb !== undefined
        ? "--store-socket (PARLEY_STORE_SOCKET) and --mongodb (PARLEY_MONGODB) can't be used together: there is one store"
        : undefined,
    (config) =>
      config.redis === undefined && config.role !== "joined" && config.role !== "store"
        ? `role ${config.role} needs --redis (PARLEY_REDIS): only role joined can run alone`
        : undefined,
    (config) =>
      config.tokenJwks === undefined && config.tokenAlgorithms.join() !== "HS256"
        ? "tokenAlgorithms other than HS256 need --token-jwks (PARLEY_TOKEN_JWKS): the data folder holds HS256 keys only"
        : undefined,
  ],
);

export type StartSettings = ConfigOf<typeof startTable.fields>;
export type ClusterSettings = ConfigOf<typeof clusterTable.fields>;
export type NodeSettings = ConfigOf<typeof nodeTable.fields>;
