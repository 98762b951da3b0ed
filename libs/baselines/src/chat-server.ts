import { once } from "node:events";
import { createServer } from "node:http";
import { createAdapter } from "@socket.io/redis-adapter";
import { Redis } from "ioredis";
import { MongoClient } from "mongodb";
import { type DefaultEventsMap, Server } from "socket.io";
import type { ChatMessage, ClientEvents, ServerEvents } from "./chat-events.ts";

export interface BaselineOptions {
  readonly redis: string;
  /** With it each message is inserted before it is told to anybody and acked ("the glue"); without, nothing is stored. */
  readonly mongodb?: string | undefined;
}

const historyMax = 200;

/**
 * The chat server that a team writes in an afternoon: Socket.IO 4, its Redis adapter so that several processes serve
 * the same rooms, and, for the glue, one insert a message. Written as its documentation recommends, with the settings
 * that make it fastest: WebSocket only, no compression.
 * **Source**: socket.io/docs/v4, "Redis adapter" and "Performance tuning". **Errors**: rejects where a server is away.
 */
export async function startBaseline(
  options: BaselineOptions,
): Promise<{ readonly port: number; close(): Promise<void> }> {
  const pub = new Redis(options.redis);
  const sub = pub.duplicate();
  await Promise.all([pub.ping(), sub.ping()]);
  const store = options.mongodb === undefined ? undefined : await openMessages(options.mongodb);
  const http = createServer();
  const io = new Server<ClientEvents, ServerEvents, DefaultEventsMap, { user: string }>(http, {
    transports: ["websocket"],
    perMessageDeflate: false,
    serveClient: false,
    adapter: createAdapter(pub, sub),
  });
  io.on("connection", (socket) => {
    const { user } = socket.handshake.auth;
    socket.data.user = String(user);
    socket.on("join", (room, done) => {
      void Promise.resolve(socket.join(room)).then(done);
    });
    socket.on("send", async ({ room, id, text }, ack) => {
      const message: ChatMessage = { room, sender: socket.data.user, id, text, time: Date.now() };
      try {
        await store?.insert(message);
      } catch (error) {
        return ack({ error: String(error) });
      }
      io.to(room).emit("message", message);
      ack({ time: message.time });
    });
    socket.on("history", async ({ room, after }, ack) => ack((await store?.after(room, after)) ?? []));
  });
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  const address = http.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    async close() {
      await io.close();
      await store?.close();
      pub.disconnect();
      sub.disconnect();
    },
  };
}

async function openMessages(url: string) {
  const client = await new MongoClient(url).connect();
  const messages = client.db("baseline").collection<ChatMessage>("messages");
  await messages.createIndex({ room: 1, time: 1 });
  return {
    // A copy: the driver adds its `_id` to what it is given.
    insert: async (message: ChatMessage): Promise<void> => void (await messages.insertOne({ ...message })),
    after: (room: string, after: number): Promise<ChatMessage[]> =>
      messages
        .find({ room, time: { $gt: after } }, { projection: { _id: 0 } })
        .sort({ time: 1 })
        .limit(historyMax)
        .toArray(),
    close: () => client.close(),
  };
}
