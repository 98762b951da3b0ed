import {
  asBuffer,
  type BareSocket,
  nameOf,
  numberAfter,
  openBare,
  type SocketListener,
  textOf,
} from "./bare-socket.ts";

export interface SocketIoSocket extends BareSocket {
  join(room: string): Promise<void>;
}

const textMarker = Buffer.from('"text":"m');
const code = (character: string): number => character.charCodeAt(0);

/**
 * Engine.IO 4 and Socket.IO 5 as far as a chat client needs them: `0` open, `2` ping, `3` pong, `40` connect, `42` event,
 * `43` ack, with the ack's number before the list.
 * **Source**: github.com/socketio/socket.io-protocol, revision 5. **Errors**: rejects where it is not let in.
 */
export async function openSocketIo(url: string, user: string, listener: SocketListener): Promise<SocketIoSocket> {
  const socket = await openBare(url, undefined);
  const connected = Promise.withResolvers<void>();
  /** Acks of `join` have numbers above those of messages. */
  let nextJoin = 1_000_000_000;
  const joins = new Map<number, () => void>();
  socket.on("close", (closeCode) => {
    connected.reject(new Error(`closed with ${closeCode} before it was connected`));
    listener.onClose(closeCode);
  });
  socket.on("message", (data) => {
    const frame = asBuffer(data);
    if (frame[0] === code("2")) return socket.send("3");
    if (frame[0] === code("0")) return socket.send(`40${JSON.stringify({ user })}`);
    if (frame[0] !== code("4")) return;
    if (frame[1] === code("2")) {
      const message = numberAfter(frame, textMarker, 2);
      if (message >= 0) listener.onDelivery(message);
      return;
    }
    if (frame[1] === code("0")) return connected.resolve();
    if (frame[1] === code("4")) return connected.reject(new Error(`not let in: ${frame.toString()}`));
    if (frame[1] !== code("3")) return;
    let number = 0;
    let at = 2;
    for (; frame[at] !== code("["); at++) number = number * 10 + (frame[at] ?? 0) - 48;
    const joined = joins.get(number);
    if (joined !== undefined) {
      joins.delete(number);
      joined();
    } else if (frame.includes('"error"', at)) listener.onRefused(number, undefined);
    else listener.onAck(number);
  });
  socket.resume();
  await connected.promise;
  return {
    send(room, message) {
      const text = `"id":"${nameOf(message)}","room":"${room}","text":"${textOf(message)}"`;
      socket.send(`42${message}["send",{${text}}]`);
    },
    close: () => socket.terminate(),
    join(room) {
      const number = nextJoin++;
      return new Promise((resolve) => {
        joins.set(number, resolve);
        socket.send(`42${number}["join",${JSON.stringify(room)}]`);
      });
    },
  };
}
