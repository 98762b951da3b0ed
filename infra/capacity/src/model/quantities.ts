/** One thing that the model reckons. */
export interface QuantityDefinition {
  readonly name: string;
  readonly title: string;
  readonly unit: string;
  /** Over assumptions, coefficients and what stands before it; the sizes of the fleet may be used anywhere. */
  readonly formula: string;
  /** Its row in the table that compares sizes; absent: it has none. */
  readonly row?: string;
}

export interface QuantityGroup {
  readonly title: string;
  readonly quantities: readonly QuantityDefinition[];
}

/**
 * A message goes up one link, is numbered at its channel's home, and goes down one link frame for each pair of chat server
 * and gateway that its receivers are on. So it costs more the further a channel is spread, and the sizes of the fleet
 * stand on both sides: {@link fleetNames} are reckoned again until they no longer change.
 */
export const fleetNames = ["gateways", "chatServers"] as const;

/** Each chat server compares each channel that it holds with the store so often. **Source**: headWatchTimes.sweepMs. */
const sweepS = 30;
/** Events of a page of history, as it was measured. */
const pageEvents = 50;

export const quantityGroups: readonly QuantityGroup[] = [
  {
    title: "Load at the peak",
    quantities: [
      {
        name: "connections",
        title: "connections",
        unit: "",
        formula: "dau * onlineShare * devices",
        row: "connections",
      },
      {
        name: "messages",
        title: "messages",
        unit: "/s",
        formula: "dau * messagesPerUser * busiestHourShare / 3600",
        row: "messages",
      },
      { name: "receivers", title: "deliveries a message", unit: "", formula: "membersOnline * devices" },
      { name: "deliveries", title: "deliveries", unit: "/s", formula: "messages * receivers", row: "deliveries" },
      {
        name: "connects",
        title: "connects",
        unit: "/s",
        formula: "dau * devices * sessionsPerUser * busiestHourShare / 3600",
        row: "connects",
      },
      {
        name: "pages",
        title: "pages of history",
        unit: "/s",
        formula: "dau * pagesPerUser * busiestHourShare / 3600",
      },
      {
        name: "stormConnects",
        title: "connects in a storm",
        unit: "/s",
        formula: "connections * stormShare / stormSeconds",
      },
    ],
  },
  {
    title: "How far a message is spread",
    quantities: [
      {
        name: "linkFrames",
        title: "link frames a message",
        unit: "",
        formula: "spread(gateways * chatServers, receivers)",
      },
      {
        name: "hops",
        title: "words between chat servers a message: to the home, and its events to each other server with a member",
        unit: "",
        formula: "(1 - 1 / chatServers) * (1 + spread(chatServers, membersOnline))",
      },
      {
        name: "coldShare",
        title: "share of a user's channels that the chat server does not hold for anybody else when the user connects",
        unit: "",
        formula: "(1 - 1 / chatServers) ^ (membersOnline - 1)",
      },
      {
        name: "channelsHeld",
        title: "channels that chat servers hold for members online, each once a server",
        unit: "",
        formula: "dau * onlineShare * channelsPerUser / membersOnline * spread(chatServers, membersOnline)",
        row: "channels held",
      },
      {
        name: "headsCompared",
        title: `heads compared with the store: each held channel every ${sweepS} s, and each that has just gone quiet`,
        unit: "/s",
        formula: `channelsHeld / ${sweepS} + messages * quietShare * spread(chatServers, membersOnline)`,
        row: "heads compared",
      },
    ],
  },
  {
    title: "Gateways",
    quantities: [
      {
        name: "gatewayCores",
        title: "CPU of all",
        unit: "cores",
        formula:
          "(messages * (gatewayMessageMs + linkFrames * gatewayFrameMs) + deliveries * gatewayDeliveryMs + connects * (gatewayConnectMs + channelsPerUser * gatewayChannelMs) + pages * gatewayPageMs + connections * gatewayIdleMs) / 1000",
        row: "gateways: CPU",
      },
      {
        name: "gatewayMib",
        title: "memory of their connections",
        unit: "MiB",
        formula: "connections * gatewayConnectionKib / 1024",
      },
      { name: "gatewaysByCpu", title: "needed for CPU", unit: "", formula: "ceil(gatewayCores / utilisation)" },
      {
        name: "gatewaysByMemory",
        title: "needed for memory",
        unit: "",
        formula: "ceil(gatewayMib / (processMib - gatewayBaseMib))",
      },
      { name: "gatewaysBySockets", title: "needed for sockets", unit: "", formula: "ceil(connections / socketsMax)" },
      {
        name: "gatewaysByStorm",
        title: "needed for a storm, at full CPU and within the admission of hellos",
        unit: "",
        formula:
          "max(ceil(gatewayCores + stormConnects * (gatewayConnectMs + channelsPerUser * gatewayChannelMs) / 1000), ceil(stormConnects / hellosPerSecond))",
      },
      {
        name: "gateways",
        title: "gateways",
        unit: "processes",
        formula: "max(gatewaysByCpu, gatewaysByMemory, gatewaysBySockets, gatewaysByStorm, 1) + spareProcesses",
        row: "gateways",
      },
    ],
  },
  {
    title: "Chat servers",
    quantities: [
      {
        name: "chatCores",
        title: "CPU of all",
        unit: "cores",
        formula:
          "(messages * (chatMessageMs + chatMongoMs + hops * chatHopMs + linkFrames * chatFrameMs) + deliveries * chatDeliveryMs + connects * (chatConnectMs + channelsPerUser * ((1 - coldShare) * chatChannelMs + coldShare * chatColdChannelMs)) + pages * chatPageMs + headsCompared * chatSweepMs + connections * chatIdleMs) / 1000",
        row: "chat servers: CPU",
      },
      {
        name: "chatMib",
        title: "memory of their sessions and channels",
        unit: "MiB",
        formula: "connections * (chatConnectionKib + channelsPerUser * chatChannelKib) / 1024",
      },
      { name: "chatServersByCpu", title: "needed for CPU", unit: "", formula: "ceil(chatCores / utilisation)" },
      {
        name: "chatServersByMemory",
        title: "needed for memory",
        unit: "",
        formula: "ceil(chatMib / (processMib - chatBaseMib))",
      },
      {
        name: "chatServersByStorm",
        title: "needed for a storm, at full CPU",
        unit: "",
        formula: "ceil(chatCores + stormConnects * (chatConnectMs + channelsPerUser * chatChannelMs) / 1000)",
      },
      {
        name: "chatServers",
        title: "chat servers",
        unit: "processes",
        formula: "max(chatServersByCpu, chatServersByMemory, chatServersByStorm, 1) + spareProcesses",
        row: "chat servers",
      },
      {
        name: "machines",
        title: "machines for gateways and chat servers, two at least",
        unit: "",
        formula: "max(ceil((gateways + chatServers) / coresAMachine), 2)",
        row: "machines for both",
      },
    ],
  },
  {
    title: "Redis",
    quantities: [
      {
        name: "publishes",
        title: "publishes, joined by server and tick",
        unit: "/s",
        formula: "min(messages * hops, chatServers * (chatServers - 1) * redisPairPublishes)",
        row: "Redis: publishes",
      },
      {
        name: "nodes",
        title: "nodes that hold a lease, two for presence",
        unit: "",
        formula: "gateways + chatServers + 2",
      },
      {
        name: "registryCores",
        title: "CPU of heartbeats, one a second and node, each answered with the whole fleet",
        unit: "cores",
        formula: "nodes * (redisBeatMs + nodes * redisBeatNodeMs) / 1000",
      },
      {
        name: "registryMbs",
        title: "traffic of heartbeats",
        unit: "MB/s",
        formula: "nodes * nodes * redisBeatNodeBytes / 1000000",
      },
      {
        name: "redisCores",
        title: "CPU: publishes, directory and presence, heartbeats",
        unit: "cores",
        formula:
          "(publishes * redisPublishMs + connects * (redisConnectMs + channelsPerUser * redisChannelMs)) / 1000 + registryCores",
        row: "Redis: CPU",
      },
      {
        name: "redisMbs",
        title: "traffic, in and out",
        unit: "MB/s",
        formula: "messages * hops * (redisHopBytes + 2 * textBytes) / 1000000 + registryMbs",
        row: "Redis: traffic",
      },
      {
        name: "redisMib",
        title: "memory of directory and presence",
        unit: "MiB",
        formula: "connections * redisConnectionBytes / 1048576",
        row: "Redis: memory",
      },
      {
        name: "redisMasters",
        title: "masters, the storm at full CPU; above 1: a Redis Cluster with sharded pub/sub",
        unit: "",
        formula:
          "max(ceil(redisCores / utilisation), ceil(redisCores + stormConnects * (redisConnectMs + channelsPerUser * redisChannelMs) / 1000), 1)",
        row: "Redis: masters",
      },
    ],
  },
  {
    title: "Store, MongoDB wire",
    quantities: [
      {
        name: "storeServers",
        title: "servers kept busy by appends, as measured",
        unit: "",
        formula: "messages * mongoAppendMs / 1000",
      },
      {
        name: "storeSweepCores",
        title: "CPU of heads compared",
        unit: "cores",
        formula: "headsCompared * mongoSweepMs / 1000",
        row: "store: CPU of heads compared",
      },
      {
        name: "storeCores",
        title: "CPU of all primaries: messages, pages, connects, people who are there, heads compared",
        unit: "cores",
        formula:
          "(messages * mongoMessageMs + pages * mongoPageMs + connects * (mongoConnectMs + channelsPerUser * ((1 - coldShare) * mongoChannelMs + coldShare * mongoColdChannelMs)) + connections * mongoIdleMs) / 1000 + storeSweepCores",
        row: "store: CPU",
      },
      {
        name: "storeStormCores",
        title: "CPU beside it in a storm",
        unit: "cores",
        formula: "stormConnects * (mongoConnectMs + channelsPerUser * mongoChannelMs) / 1000",
      },
      {
        name: "storeMbs",
        title: "traffic of messages",
        unit: "MB/s",
        formula: "messages * (mongoTrafficBytes + textBytes) / 1000000",
        row: "store: traffic of messages",
      },
      {
        name: "diskYearTib",
        title: "disk a year, one copy",
        unit: "TiB",
        formula: "dau * messagesPerUser * 365 * (mongoMessageBytes + textBytes * mongoTextBytes) / 1099511627776",
      },
      {
        name: "diskYearAllTib",
        title: "disk a year, all copies",
        unit: "TiB",
        formula: "diskYearTib * replication",
        row: "store: disk a year, all copies",
      },
      {
        name: "diskKeptTib",
        title: "disk of all that is kept, one copy",
        unit: "TiB",
        formula: "diskYearTib * retentionDays / 365",
      },
      {
        name: "shards",
        title: "shards: by writes, by CPU (a storm at full CPU), by disk",
        unit: "",
        formula:
          "max(ceil(storeServers / utilisation), ceil(storeCores / (utilisation * coresAMachine)), ceil((storeCores + storeStormCores) / coresAMachine), ceil(diskKeptTib / shardDiskTib), 1)",
        row: "store: shards",
      },
      {
        name: "storeMembers",
        title: "servers of the store",
        unit: "",
        formula: "shards * replication",
        row: "store: servers",
      },
    ],
  },
  {
    title: "Network of the gateways",
    quantities: [
      {
        name: "clientMbs",
        title: "to and from clients, packets counted as if none were joined",
        unit: "MB/s",
        formula: `(deliveries * (deliveryBytes + textBytes + packetBytes) + messages * (ackBytes + sendBytes + textBytes + 2 * packetBytes) + pages * (pageBytes + ${pageEvents} * textBytes)) / 1000000`,
        row: "network: clients",
      },
      {
        name: "linkMbs",
        title: "links to chat servers, both directions, without headers of packets",
        unit: "MB/s",
        formula:
          "(messages * (linkMessageBytes + textBytes + linkFrames * (linkFrameBytes + textBytes)) + deliveries * linkDeliveryBytes) / 1000000",
        row: "network: links",
      },
      {
        name: "gatewayMbits",
        title: "of one gateway",
        unit: "Mbit/s",
        formula: "(clientMbs + linkMbs) * 8 / gateways",
      },
    ],
  },
  {
    title: "All of it in one process on the embedded store (npm start)",
    quantities: [
      {
        name: "oneProcessCores",
        title: "CPU, an upper bound: there links and relays are calls",
        unit: "cores",
        formula: "gatewayCores + chatCores + messages * (lmdbMessageMs - chatMongoMs) / 1000",
      },
      {
        name: "oneProcessMib",
        title: "memory",
        unit: "MiB",
        formula: "gatewayMib + chatMib + gatewayBaseMib",
      },
      {
        name: "lmdbWriters",
        title: "writers that LMDB would need; it has one",
        unit: "",
        formula: "messages * lmdbAppendMs / 1000",
      },
      {
        name: "lmdbYearTib",
        title: "disk a year",
        unit: "TiB",
        formula: "dau * messagesPerUser * 365 * (lmdbMessageBytes + textBytes * lmdbTextBytes) / 1099511627776",
      },
    ],
  },
  {
    title: "The largest channel",
    quantities: [
      {
        name: "hotServers",
        title: "chat servers that it is on",
        unit: "",
        formula: "spread(chatServers, hotMembers)",
      },
      {
        name: "hotSendMs",
        title: "CPU of its home a send, at most: words with both their ends, and the deliveries to members of its own",
        unit: "ms",
        formula:
          "chatMessageMs + chatMongoMs + (hotServers + 1) * (1 - 1 / chatServers) * chatHopMs + spread(gateways, hotMembers * devices / chatServers) * chatFrameMs + hotMembers * devices / chatServers * chatDeliveryMs",
      },
      {
        name: "hotSendsMax",
        title: "sends that its home bears",
        unit: "/s",
        formula: "utilisation * 1000 / hotSendMs",
        row: "sends in the largest channel, at most",
      },
    ],
  },
];
