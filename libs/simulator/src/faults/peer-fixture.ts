import { connect, createServer, type Socket } from "node:net";
import { expect, onTestFinished } from "vitest";
import type { Endpoint } from "./connection.ts";

/** One end of a connection, and what it has seen. */
export interface Peer {
  readonly socket: Socket;
  /** Everything that came, as latin1. */
  text(): string;
  /** How the other side ended it, or how it broke. */
  fate(): "open" | "ended" | "reset";
}

export interface PeerServer extends Endpoint {
  /** As they came. */
  readonly peers: readonly Peer[];
}

function observe(socket: Socket): Peer {
  const chunks: Buffer[] = [];
  let fate: "open" | "ended" | "reset" = "open";
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  socket.on("end", () => {
    fate = "ended";
  });
  socket.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "ECONNRESET" || error.code === "EPIPE") fate = "reset";
  });
  onTestFinished(() => void socket.destroy());
  return { socket, text: () => Buffer.concat(chunks).toString("latin1"), fate: () => fate };
}

/** A server that says nothing by itself. Ends with the test. */
export async function startPeers(): Promise<PeerServer> {
  const peers: Peer[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => peers.push(observe(socket)));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  return { host: "127.0.0.1", port: typeof address === "object" && address !== null ? address.port : 0, peers };
}

/** A client. Ends with the test. */
export function openPeer({ host, port }: Endpoint): Peer {
  return observe(connect({ host, port, allowHalfOpen: true }));
}

/** `expect.poll` with patience: a busy machine is no failure. */
export function eventually<T>(look: () => T) {
  return expect.poll(look, { timeout: 20_000, interval: 10 });
}
