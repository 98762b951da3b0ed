import { type Fields, isFields } from "../../../history/content.ts";
import {
  asBuffer,
  type BareSocket,
  nameOf,
  numberAfter,
  openBare,
  type SocketListener,
  textOf,
} from "./bare-socket.ts";

export interface ParleySocket extends BareSocket {
  /** Creates a group, trying again while it is refused; its id. **Errors**: rejects where it is refused for good. */
  createRoom(name: string, members: readonly string[]): Promise<string>;
}

const textMarker = Buffer.from('"text":"m');
const idMarker = Buffer.from('"id":"m');
const code = (character: string): number => character.charCodeAt(0);
/** Of the letter after `{"type":"`, and the next. */
const typeAt = 9;
const retryMs = 200;

/** **Errors**: rejects where no `welcome` comes. */
export async function openParley(url: string, token: string, listener: SocketListener): Promise<ParleySocket> {
  const socket = await openBare(url, "parley.v1");
  const answers = new Map<string, (answer: Fields) => void>();
  const welcome = Promise.withResolvers<void>();
  socket.on("close", (closeCode) => {
    welcome.reject(new Error(`closed with ${closeCode} before welcome`));
    listener.onClose(closeCode);
  });
  socket.on("message", (data) => {
    const frame = asBuffer(data);
    const first = frame[typeAt];
    if (first === code("e") && frame[typeAt + 1] === code("v")) {
      const message = numberAfter(frame, textMarker, typeAt);
      if (message >= 0) listener.onDelivery(message);
      return;
    }
    if (first === code("a")) {
      const message = numberAfter(frame, idMarker, typeAt);
      if (message >= 0) return listener.onAck(message);
    }
    const fields: unknown = JSON.parse(frame.toString());
    if (!isFields(fields)) return;
    if (fields["type"] === "welcome") return welcome.resolve();
    if (fields["type"] === "gap") return listener.onGap?.(Number(fields["to"]) - Number(fields["from"]) + 1);
    const id = String(fields["id"]);
    const answer = answers.get(id);
    if (answer !== undefined) return answer(fields);
    if (fields["type"] !== "error") return;
    const retryAfterMs = fields["retryable"] === true ? Number(fields["retryAfterMs"] ?? retryMs) : undefined;
    listener.onRefused(Number(id.slice(1)), retryAfterMs);
  });
  socket.resume();
  socket.send(JSON.stringify({ type: "hello", token, device: "bench", protocol: 1 }));
  await welcome.promise;
  return {
    send(room, message) {
      socket.send(`{"type":"send","id":"${nameOf(message)}","channel":"${room}","text":"${textOf(message)}"}`);
    },
    close: () => socket.terminate(),
    async createRoom(name, members) {
      for (;;) {
        const answer = await new Promise<Fields>((resolve) => {
          answers.set(name, resolve);
          socket.send(JSON.stringify({ type: "channel.create", id: name, kind: "group", members }));
        });
        answers.delete(name);
        if (answer["type"] === "result") return String(answer["channel"]);
        if (answer["retryable"] !== true) throw new Error(`a room was refused: ${JSON.stringify(answer)}`);
        await new Promise((resolve) => setTimeout(resolve, Number(answer["retryAfterMs"] ?? retryMs)));
      }
    },
  };
}
