import { createConnection } from "node:net";
import { type Document, deserialize, serialize } from "bson";

const answerTimeoutMs = 5_000;
const opMsg = 2013;
const headerBytes = 21;

/**
 * One command over a connection of its own, as a single OP_MSG with one body section.
 * **Errors**: an Error when nobody answers; a command that fails resolves to its document with `ok: 0`.
 * **Source**: MongoDB wire protocol, OP_MSG.
 */
export function askMongo(port: number, command: Document): Promise<Document> {
  return new Promise((resolve, reject) => {
    const body = serialize({ ...command, $db: "admin" });
    const message = Buffer.alloc(headerBytes + body.length);
    message.writeInt32LE(message.length, 0);
    message.writeInt32LE(1, 4);
    message.writeInt32LE(opMsg, 12);
    message.set(body, headerBytes);
    const socket = createConnection({ host: "127.0.0.1", port });
    let answer = Buffer.alloc(0);
    const finish = (error: Error | undefined, document: Document = {}) => {
      socket.destroy();
      if (error === undefined) resolve(document);
      else reject(error);
    };
    socket.setTimeout(answerTimeoutMs, () => finish(new Error(`the server on port ${port} does not answer`)));
    socket.on("error", (error) => finish(error));
    socket.on("close", () => finish(new Error(`the server on port ${port} closed the connection`)));
    socket.on("connect", () => socket.write(message));
    socket.on("data", (chunk) => {
      answer = Buffer.concat([answer, chunk]);
      if (answer.length < 4 || answer.length < answer.readInt32LE(0)) return;
      finish(undefined, deserialize(answer.subarray(headerBytes, answer.readInt32LE(0))));
    });
  });
}
