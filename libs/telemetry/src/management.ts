import { createServer, type ServerResponse } from "node:http";
import type { Registry } from "prom-client";

export interface ManagementOptions {
  /** 0 picks a free one. */
  readonly port: number;
  /** Loopback unless configured: metrics are nobody else's business. */
  readonly host?: string;
  readonly registry: Registry;
  /** False or a rejection answers 503; a load balancer then sends nobody here. */
  readonly isReady: () => boolean | Promise<boolean>;
}

export interface Management {
  /** http://host:port */
  readonly address: string;
  close(): Promise<void>;
}

/** `/livez` (the event loop turns), `/readyz`, `/metrics`. **Errors**: rejects when the port is taken. */
export async function startManagement(options: ManagementOptions): Promise<Management> {
  const { port, host = "127.0.0.1", registry, isReady } = options;
  const server = createServer((request, response) => {
    if (request.method !== "GET" && request.method !== "HEAD") return answer(response, 405, "only GET\n");
    switch (request.url?.split("?", 1)[0]) {
      case "/livez":
        return answer(response, 200, "ok\n");
      case "/readyz":
        return void Promise.resolve()
          .then(isReady)
          .catch(() => false)
          .then((ready) => answer(response, ready ? 200 : 503, ready ? "ok\n" : "not ready\n"));
      case "/metrics":
        return void registry.metrics().then(
          (text) => answer(response, 200, text, registry.contentType),
          () => answer(response, 500, "metrics failed\n"),
        );
      default:
        return answer(response, 404, "not found\n");
    }
  });
  server.requestTimeout = 5_000;
  server.maxConnections = 64;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  const bound = server.address();
  const boundPort = typeof bound === "object" && bound !== null ? bound.port : port;
  return {
    address: `http://${host.includes(":") ? `[${host}]` : host}:${boundPort}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function answer(response: ServerResponse, status: number, body: string, type = "text/plain; charset=utf-8"): void {
  response.writeHead(status, { "content-type": type, "content-length": Buffer.byteLength(body) }).end(body);
}
