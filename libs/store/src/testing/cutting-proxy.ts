import { connect, createServer, type Socket } from "node:net";

export interface CuttingProxy {
  /** The given URL by way of this proxy. */
  readonly url: string;
  /**
   * The next command that contains the marker is cut: "before": it never arrives and the connection ends; "after": it
   * arrives, and the connection ends in place of the answer.
   */
  cutNext(when: "before" | "after", marker: Buffer): void;
  /** From now on, or until called again, no answer passes: a server that hangs. */
  holdAnswers(isHeld: boolean): void;
  close(): Promise<void>;
}

/** Stands between a client and the server of a `mongodb://` URL with a single host. */
export async function startCuttingProxy(targetUrl: string): Promise<CuttingProxy> {
  const proxied = new URL(targetUrl);
  const address = { host: proxied.hostname, port: Number(proxied.port || "27017") };
  let plan: { when: "before" | "after"; marker: Buffer } | undefined;
  let isHeld = false;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const target = connect(address);
    let isCut = false;
    for (const socket of [client, target]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        sockets.delete(socket);
        client.destroy();
        target.destroy();
      });
    }
    client.on("data", (chunk) => {
      if (plan !== undefined && chunk.includes(plan.marker)) {
        const { when } = plan;
        plan = undefined;
        if (when === "before") {
          client.destroy();
          return;
        }
        isCut = true;
      }
      target.write(chunk);
    });
    target.on("data", (chunk) => {
      // The answer is here, so the server has done it.
      if (isCut) client.destroy();
      else if (!isHeld) client.write(chunk);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const bound = server.address();
  proxied.hostname = "127.0.0.1";
  proxied.port = String(typeof bound === "object" && bound !== null ? bound.port : 0);
  // Else the driver asks a replica set for its members and goes to them past the proxy.
  proxied.searchParams.set("directConnection", "true");
  return {
    url: proxied.href,
    cutNext: (when, marker) => {
      plan = { when, marker };
    },
    holdAnswers: (held) => {
      isHeld = held;
    },
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
