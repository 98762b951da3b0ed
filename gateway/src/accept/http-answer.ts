import type { ServerResponse } from "node:http";
import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";

/** Why a request or a handshake is not served; `application/problem+json` (RFC 9457). */
export interface Problem {
  readonly status: 400 | 403 | 404 | 405 | 426 | 503;
  readonly detail: string;
  readonly headers?: Readonly<Record<string, string>>;
}

function body(problem: Problem): string {
  return JSON.stringify({
    type: "about:blank",
    title: STATUS_CODES[problem.status],
    status: problem.status,
    detail: problem.detail,
  });
}

export function answerProblem(response: ServerResponse, problem: Problem): void {
  const text = body(problem);
  response.writeHead(problem.status, {
    "content-type": "application/problem+json",
    "content-length": Buffer.byteLength(text),
    ...problem.headers,
  });
  response.end(text);
}

/** An upgrade has no response object: the answer goes to the socket, which then ends. */
export function refuseUpgrade(socket: Duplex, problem: Problem): void {
  const text = body(problem);
  const head = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
    "Connection: close",
    "Content-Type: application/problem+json",
    `Content-Length: ${Buffer.byteLength(text)}`,
    ...Object.entries(problem.headers ?? {}).map(([name, value]) => `${name}: ${value}`),
  ];
  socket.on("error", () => socket.destroy());
  socket.once("finish", () => socket.destroy());
  socket.end(`${head.join("\r\n")}\r\n\r\n${text}`);
}
