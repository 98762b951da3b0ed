import type { Registry } from "prom-client";
import { type LocalCounter, LocalCounters, LocalGauges, LocalHistograms } from "./local-metrics.ts";

/**
 * Every metric of Parley, in one place. Labels have few values (codes, outcomes, the node): never a user, a channel or an id.
 * Units stand in the name, as Prometheus asks: `_seconds`, `_bytes`, `_total`.
 */
const fast = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const sizes = [1, 2, 4, 8, 16, 32, 64, 128, 256];

export function createMetrics(registry: Registry, node: string) {
  const counter = (name: string, help: string) => {
    return findOrCreate(registry, name, LocalCounters, { name, help, labelNames: ["node"] }).local({ node });
  };
  const counters = (name: string, help: string, label: string) => {
    const metric = findOrCreate(registry, name, LocalCounters, { name, help, labelNames: ["node", label] });
    const byValue = new Map<string, LocalCounter>();
    return {
      of(value: string): LocalCounter {
        let found = byValue.get(value);
        if (found === undefined) {
          found = metric.local({ node, [label]: value });
          byValue.set(value, found);
        }
        return found;
      },
    };
  };
  const gauge = (name: string, help: string) => {
    return findOrCreate(registry, name, LocalGauges, { name, help, labelNames: ["node"] }).local({ node });
  };
  const histogram = (name: string, help: string, buckets: number[]) => {
    return findOrCreate(registry, name, LocalHistograms, { name, help, buckets, labelNames: ["node"] }).local({ node });
  };
  return {
    /** Of every process. */
    eventLoopDelay: gauge(
      "parley_event_loop_delay_seconds",
      "How long the event loop was busy for whoever came, on average since the last sample.",
    ),
    cpu: gauge("parley_cpu_cores", "CPU used since the last sample; 1 is one core busy."),
    registryUp: gauge("parley_registry_up", "1 while the registry (Redis) answers, else 0."),
    nodesSeen: gauge("parley_registry_nodes", "Nodes in the view of the cluster."),
    leasesLost: counter("parley_registry_leases_lost_total", "Leases that ran out before they were renewed."),

    /** Gateway. */
    gatewaySockets: gauge("parley_gateway_sockets", "Client sockets that are open and have said hello."),
    gatewayHandshakes: counters("parley_gateway_handshakes_total", "WebSocket handshakes, by outcome.", "outcome"),
    gatewayCloses: counters("parley_gateway_closes_total", "Client sockets closed by us, by close code.", "code"),
    gatewayFramesIn: counter("parley_gateway_frames_in_total", "Client frames forwarded to a chat server."),
    gatewayBytesIn: counter("parley_gateway_in_bytes_total", "Bytes of client frames."),
    gatewayFramesOut: counter("parley_gateway_frames_out_total", "Frames written to clients."),
    gatewayBytesOut: counter("parley_gateway_out_bytes_total", "Bytes written to clients."),
    gatewayWrites: counter("parley_gateway_writes_total", "Writes to client sockets (system calls, nearly)."),
    gatewayGaps: counter("parley_gateway_gaps_total", "Holes announced to slow clients."),
    gatewayReattaches: counters("parley_gateway_reattaches_total", "Sessions attached anew, by reason.", "reason"),
    gatewayLinks: gauge("parley_gateway_links", "Links to chat servers that are open."),

    /** Chat server. */
    sessions: gauge("parley_chat_sessions", "Attached sessions."),
    channelsHeld: gauge("parley_chat_channels", "Channels that are sequenced or relayed here."),
    waitingRequests: gauge("parley_chat_waiting_requests", "Requests that wait for the store, over all channels."),
    waitingBytes: gauge("parley_chat_waiting_bytes", "About the memory of the requests that wait for the store."),
    requests: counters("parley_chat_requests_total", "Client requests, by type.", "type"),
    refusals: counters("parley_chat_errors_total", "Requests answered by an error, by code.", "code"),
    ackSeconds: histogram("parley_chat_ack_seconds", "From the request's arrival to its ack.", fast),
    appends: counters("parley_chat_appends_total", "Runs appended, by outcome.", "outcome"),
    appendSeconds: histogram("parley_chat_append_seconds", "One run in the store.", fast),
    runEvents: histogram("parley_chat_run_events", "Events in one run.", sizes),
    publishes: counters("parley_chat_publishes_total", "Publishes to other chat servers, by outcome.", "outcome"),
    deliveries: counter("parley_chat_deliveries_total", "Events handed to sessions."),
    repairs: counters("parley_chat_repairs_total", "Holes read from the store, by how they were found.", "found"),
    forwards: counters("parley_chat_forwards_total", "Requests forwarded to a channel's home, by outcome.", "outcome"),

    /** Store. */
    storeSeconds: histogram("parley_store_seconds", "One call of the store, append or read.", fast),
    storeErrors: counters("parley_store_errors_total", "Calls of the store that failed, by code.", "code"),

    /** Presence. */
    httpRequests: counters("parley_http_requests_total", "HTTP requests, by status.", "status"),
    httpSeconds: histogram("parley_http_seconds", "One HTTP request.", fast),
  } as const;
}

export type Metrics = ReturnType<typeof createMetrics>;

/** Several nodes of one process share a registry, and so its metrics; each node has its own label. */
function findOrCreate<M, C>(registry: Registry, name: string, kind: new (options: C) => M, options: C): M {
  const found: unknown = registry.getSingleMetric(name);
  return found instanceof kind ? found : new kind({ ...options, registers: [registry] });
}
