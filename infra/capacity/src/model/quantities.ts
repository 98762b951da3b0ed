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
        formula: "dau * messagesPerUser / 86400 * peakFactor",
        row: "messages",
      },
      { name: "receivers", title: "deliveries a message", unit: "", formula: "membersOnline * devices" },
      { name: "deliveries", title: "deliveries", unit: "/s", formula: "messages * receivers", row: "deliveries" },
      {
        name: "connects",
        title: "connects",
        unit: "/s",
        formula: "dau * devices * sessionsPerUser / 86400 * peakFactor",
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
        title: "words between chat servers a message: forward, answer, events",
        unit: "",
        formula: "(1 - 1 / chatServers) * (2 + spread(chatServers, membersOnline))",
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
          "(messages * (gatewayMessageMs + linkFrames * gatewayFrameMs) + deliveries * gatewayDeliveryMs + connects * gatewayConnectMs + connections * gatewayIdleMs) / 1000",
        row: "gateways: CPU",
      },
      {
        name: "gatewayThousandCores",
        title: "for comparison: 1,000 deliveries as in rooms of 10 over two servers",
        unit: "cores",
        formula: "deliveries / 1000 * gatewayThousandMs / 1000",
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
          "max(ceil(gatewayCores + stormConnects * gatewayConnectMs / 1000), ceil(stormConnects / hellosPerSecond))",
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
          "(messages * (chatMessageMs + hops * chatHopMs + linkFrames * chatFrameMs) + deliveries * chatDeliveryMs + connects * chatConnectMs) / 1000",
        row: "chat servers: CPU",
      },
      {
        name: "chatThousandCores",
        title: "for comparison: 1,000 deliveries as in rooms of 10 over two servers",
        unit: "cores",
        formula: "deliveries / 1000 * chatThousandMs / 1000",
      },
      {
        name: "chatMib",
        title: "memory of their sessions",
        unit: "MiB",
        formula: "connections * chatConnectionKib / 1024",
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
        formula: "ceil(chatCores + stormConnects * chatConnectMs / 1000)",
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
        formula: "(publishes * redisPublishMs + connects * redisConnectMs) / 1000 + registryCores",
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
        formula: "max(ceil(redisCores / utilisation), ceil(redisCores + stormConnects * redisConnectMs / 1000), 1)",
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
        name: "storeCores",
        title: "CPU of all primaries",
        unit: "cores",
        formula: "messages * mongoAppendCpuMs / 1000",
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
        title: "shards, by writes and by disk",
        unit: "",
        formula: "max(ceil(storeServers / utilisation), ceil(diskKeptTib / shardDiskTib), 1)",
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
    title: "Network of the clients, packets counted as if none were joined",
    quantities: [
      {
        name: "clientMbs",
        title: "to clients: deliveries and acks",
        unit: "MB/s",
        formula:
          "(deliveries * (deliveryBytes + textBytes + packetBytes) + messages * (ackBytes + packetBytes)) / 1000000",
        row: "network to clients",
      },
      {
        name: "gatewayMbits",
        title: "of one gateway",
        unit: "Mbit/s",
        formula: "clientMbs * 8 / gateways",
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
        formula: "gatewayCores + chatCores + messages * lmdbAppendCpuMs / 1000",
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
        title: "CPU of its home a send, with the deliveries to the members that it holds itself",
        unit: "ms",
        formula:
          "chatMessageMs + (hotServers + 1) * (1 - 1 / chatServers) * chatHopMs + spread(gateways, hotMembers * devices / chatServers) * chatFrameMs + hotMembers * devices / chatServers * chatDeliveryMs",
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
