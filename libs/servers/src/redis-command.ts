import { createConnection } from "node:net";

const answerTimeoutMs = 2_000;

/**
 * One command over a connection of its own; enough to start servers, and keeps client libraries out of here.
 * Resolves to the text of a simple or bulk string or of a number. **Errors**: an Error with Redis' own words.
 * **Source**: the RESP2 specification of Redis.
 */
export function askRedis(port: number, words: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ host: "127.0.0.1", port });
    let answer = Buffer.alloc(0);
    const finish = (error: Error | undefined, text = "") => {
      socket.destroy();
      if (error === undefined) resolve(text);
      else reject(error);
    };
    socket.setTimeout(answerTimeoutMs, () => finish(new Error(`Redis on port ${port} does not answer`)));
    socket.on("error", (error) => finish(error));
    socket.on("close", () => finish(new Error(`Redis on port ${port} closed the connection`)));
    socket.on("connect", () => {
      const parts = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`);
      socket.write(`*${words.length}\r\n${parts.join("")}`);
    });
    socket.on("data", (chunk) => {
      answer = Buffer.concat([answer, chunk]);
      const line = answer.indexOf("\r\n");
      if (line < 0) return;
      const first = answer.toString("utf8", 0, line);
      if (first.startsWith("-")) return finish(new Error(first.slice(1)));
      if (!first.startsWith("$")) return finish(undefined, first.slice(1));
      const length = Number(first.slice(1));
      if (answer.length >= line + 2 + length + 2)
        finish(undefined, answer.toString("utf8", line + 2, line + 2 + length));
    });
  });
}
