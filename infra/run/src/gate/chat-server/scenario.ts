import { createTokenVerifier } from "@parley/auth";
import { type Bus, createMemoryBus } from "@parley/bus";
import { chatServerConfig, startChatServer } from "@parley/chat-server";
import { createMemoryCluster } from "@parley/cluster";
import { createLinkListener } from "@parley/link";
import type { MessageStore } from "@parley/store";
import { openMemoryStore } from "@parley/store/testing";
import { createTelemetry } from "@parley/telemetry";
import { startFarEnd } from "../far-end.ts";
import type { Work } from "../slices.ts";
import { mustBeCounts, readWrites } from "../thread-use.ts";
import type { FarGatewaysSetup } from "./far-gateways.ts";

const secret = "0123456789abcdef0123456789abcdef";
const key = "a test key of at least thirty-two bytes";
const talk = { rooms: 20, members: 8, senders: 2 };
/** What one user may send must not be what is measured, nor turns in which nothing but time goes by. */
const limits = { requestsPerSecond: 100_000, requestsBurst: 100_000, publishSpacingMs: 0 };

/**
 * Two chat servers on a store and a bus in memory, and two links to a scripted gateway: request → decide → append → ack →
 * publish → relay, with half of the requests forwarded to their channel's home and half of the people at the other
 * server. Both servers are in this thread: a message's cost is that of both.
 */
export async function openChatServers(): Promise<readonly Work[]> {
  const counts = new Map<string, number>();
  const count = (name: string, more: number): void => void counts.set(name, (counts.get(name) ?? 0) + more);
  const store = countCalls(openMemoryStore(), count);
  const bus = countPublishes(createMemoryBus(), count);
  const cluster = createMemoryCluster();
  const servers = await Promise.all(
    ["chat-1", "chat-2"].map((node) =>
      startChatServer(chatServerConfig.with({ node, ...limits }), {
        store,
        bus,
        cluster,
        secret,
        tokens: createTokenVerifier({ algorithms: ["HS256"], keys: { k1: key } }),
        links: createLinkListener({ node, tcp: { host: "127.0.0.1", port: 0, secret } }),
        telemetry: createTelemetry({ node, role: "chat-server", level: "silent" }),
      }),
    ),
  );
  const addresses = servers.map(({ node, address }) => ({ node, address }));
  const setup: FarGatewaysSetup = { servers: addresses, secret, ...talk };
  const far = startFarEnd(new URL("./far-gateways.ts", import.meta.url), setup);
  await far.ask("open");
  const common = {
    messages: talk.rooms * talk.senders,
    counts: async () => ({ ...Object.fromEntries(counts), ...mustBeCounts(await far.ask("counts")), ...readWrites() }),
  };
  return [
    {
      ...common,
      name: "chat server: a message to eight",
      roundsASlice: 6,
      mix: { pieces: 1_000, piecesAWrite: 64 },
      round: () => far.ask("send"),
    },
    {
      ...common,
      name: "chat server: a message said twice",
      roundsASlice: 12,
      mix: { pieces: 1_000, piecesAWrite: 64 },
      round: () => far.ask("repeat"),
    },
    {
      ...common,
      name: "chat server: a read mark that moves nothing",
      roundsASlice: 24,
      mix: { pieces: 1_000, piecesAWrite: 64 },
      round: () => far.ask("read"),
    },
  ];
}

function countCalls(store: MessageStore, count: (name: string, more: number) => void): MessageStore {
  const counted = new Map<string | symbol, unknown>();
  return new Proxy(store, {
    get(target, name) {
      if (!counted.has(name)) {
        const member: unknown = Reflect.get(target, name);
        const call = (...args: unknown[]): unknown => {
          count(`store: ${String(name)}`, 1);
          return Reflect.apply(member as (...args: unknown[]) => unknown, target, args);
        };
        counted.set(name, typeof member === "function" ? call : member);
      }
      return counted.get(name);
    },
  });
}

function countPublishes(bus: Bus, count: (name: string, more: number) => void): Bus {
  return {
    get isUp() {
      return bus.isUp;
    },
    publish(topic, payload) {
      count("publishes", 1);
      count("bytes published", payload.length);
      return bus.publish(topic, payload);
    },
    subscribe: (topic, handler) => bus.subscribe(topic, handler),
    onChange: (listener) => bus.onChange(listener),
    close: () => bus.close(),
  };
}
