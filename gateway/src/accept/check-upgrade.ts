import type { IncomingMessage } from "node:http";
import type { Problem } from "./http-answer.ts";

export const wsPath = "/v1/ws";
export const subprotocol = "parley.v1";

/** Tells what stands against this upgrade. WebSocket's own headers are checked by `ws` afterwards. */
export function checkUpgrade(request: IncomingMessage, origins: ReadonlySet<string>): Problem | undefined {
  const path = request.url?.split("?", 1)[0];
  if (path !== wsPath) return { status: 404, detail: `WebSocket is served at ${wsPath}` };
  const { origin } = request.headers;
  // Compared whole: a prefix or a host match would let look-alikes in. Clients that are no browser send none.
  if (origins.size > 0 && origin !== undefined && !origins.has(origin)) {
    return { status: 403, detail: "this origin may not connect" };
  }
  const offered = request.headers["sec-websocket-protocol"];
  if (offered !== undefined && !offersOurs(offered)) {
    return { status: 400, detail: `the only subprotocol is ${subprotocol}` };
  }
  return undefined;
}

function offersOurs(offered: string): boolean {
  return offered.split(",").some((name) => name.trim() === subprotocol);
}
