/** Something that is used up as a fleet grows. */
export interface LimitDefinition {
  readonly name: string;
  /** One of it, as "one Redis, CPU". */
  readonly title: string;
  /** Share of one of it that is used; above 1 one does not do. */
  readonly use: string;
  /** How many of it there are, where more can be added: a quantity. */
  readonly count?: string;
  /** A way to begin that is left behind when it is used up, and so never breaks. */
  readonly isBeginning?: true;
  /** What the design does about it. */
  readonly answer: string;
}

/** An event loop that is late by more is strained, and is given nobody. **Source**: ADR 4. */
const strainMs = 50;
/** Events of one run. **Source**: the setting runMax of a chat server. */
const runEvents = 64;

export const limitDefinitions: readonly LimitDefinition[] = [
  {
    name: "oneProcess",
    title: "process that holds everything (npm start)",
    use: "max(oneProcessCores / utilisation, oneProcessMib / processMib, connections / socketsMax)",
    isBeginning: true,
    answer: "roles in processes of their own on Redis and MongoDB: the same code, chosen by configuration.",
  },
  {
    name: "lmdb",
    title: "embedded store, its one writer",
    use: "lmdbWriters / utilisation",
    isBeginning: true,
    answer:
      "MongoDB, whose shards are writers beside each other; the embedded store shares a commit among all channels.",
  },
  {
    name: "gatewayCpu",
    title: "gateway, CPU",
    use: "gatewayCores / utilisation",
    count: "gateways",
    answer:
      "more gateways: they keep nothing but sockets, any gateway serves any user, and a tick's frames for a socket are one write.",
  },
  {
    name: "gatewayMemory",
    title: "gateway, memory of connections",
    use: "gatewayMib / (processMib - gatewayBaseMib)",
    count: "gateways",
    answer: "more gateways; a slow reader costs at most hardBytesMax, then it is cut and resumes.",
  },
  {
    name: "gatewaySockets",
    title: "gateway, sockets and open files",
    use: "connections / socketsMax",
    count: "gateways",
    answer: "more gateways; above socketsMax a handshake is answered 503 and goes elsewhere.",
  },
  {
    name: "storm",
    title: "gateway, hellos in a reconnect storm",
    use: "stormConnects / hellosPerSecond",
    count: "gateways",
    answer:
      "more gateways; hellos wait their turn (hellosPerSecond), a draining gateway spreads its clients over time, and an SDK waits with jitter.",
  },
  {
    name: "chatCpu",
    title: "chat server, CPU",
    use: "chatCores / utilisation",
    count: "chatServers",
    answer:
      "more chat servers: users and channels are hashed over them with bounded loads, and users are handed to one that is added (ADR 14).",
  },
  {
    name: "chatMemory",
    title: "chat server, memory of sessions and channels",
    use: "chatMib / (processMib - chatBaseMib)",
    count: "chatServers",
    answer: "more chat servers.",
  },
  {
    name: "redisCpu",
    title: "Redis, CPU",
    use: "redisCores / utilisation",
    count: "redisMasters",
    answer:
      "a Redis Cluster: inboxes are sharded pub/sub topics, users lie in 64 buckets, and publishes are joined by server and tick. No ack needs Redis; without it heads are followed in the store.",
  },
  {
    name: "registryCpu",
    title: "registry's Redis master, CPU of heartbeats",
    use: "registryCores / utilisation",
    answer:
      "nothing yet: all leases lie in one slot and each heartbeat carries the whole fleet, so this grows with the square of the nodes (ADR 5: thousands want a delta). Fewer, busier processes, or several fleets.",
  },
  {
    name: "registryTraffic",
    title: "registry's Redis master, network of heartbeats",
    use: "registryMbs / (nicGbit * 125)",
    answer: "as above: a heartbeat of thousands of nodes should carry only what changed.",
  },
  {
    name: "ring",
    title: `new ring when the fleet changes, a standstill of ${strainMs} ms`,
    use: `chatServers * ringNodeMs / ${strainMs}`,
    answer:
      "it is made once for each version of the view, in each process. Nothing yet beyond that: it would have to be made in slices, or with fewer points a node at the price of evenness.",
  },
  {
    name: "storeWrites",
    title: "shard of the store, writes",
    use: "storeServers / utilisation",
    count: "shards",
    answer:
      "more shards: the shard key is the channel, runs of a channel commit as a group, those of different channels are pipelined. The figure is that of a FerretDB, which has one writer: no mongod was to be had.",
  },
  {
    name: "storeCpu",
    title: "shard of the store, CPU",
    use: "storeCores / (utilisation * coresAMachine)",
    count: "shards",
    answer:
      "more shards. Heads are compared in batches of up to 2,000 in one query; where they are most of it (see CPU of heads compared), every held channel is asked for every 30 s whether or not the bus is well: nothing yet makes that rarer in a large fleet.",
  },
  {
    name: "storeStorm",
    title: "shard of the store, CPU in a reconnect storm",
    use: "(storeCores + storeStormCores) / coresAMachine",
    count: "shards",
    answer: "more shards; hellos wait their turn at the gateways, which bounds what a storm may ask of the store.",
  },
  {
    name: "storeDisk",
    title: "shard of the store, disk",
    use: "diskKeptTib / shardDiskTib",
    count: "shards",
    answer: "more shards, or shorter retention. One channel's log stays on one shard (ADR 1).",
  },
  {
    name: "hotHome",
    title: "largest channel, the core of its home",
    use: "hotSends * hotSendMs / 1000 / utilisation",
    answer:
      "a channel has one home and can't be split. Its runs grow with its load (group commit, joined writes), so a send gets cheaper than reckoned here; beyond that its queue answers unavailable with retryAfterMs.",
  },
  {
    name: "hotRuns",
    title: "largest channel, its one run in flight",
    use: `hotSends * mongoAppendMs / 1000 / ${runEvents}`,
    answer: `up to ${runEvents} events share a run; beyond that the channel's queue answers unavailable.`,
  },
  {
    name: "network",
    title: "machine of gateways, network",
    use: "(clientMbs + linkMbs) / (nicGbit * 125)",
    count: "machines",
    answer: "more machines for the gateways.",
  },
];
