import { WebSocket } from "ws";

/** What a socket tells the generator; `message` is the number that the text carries. */
export interface SocketListener {
  onAck(message: number): void;
  /** It was not taken; `retryAfterMs` undefined: for good. */
  onRefused(message: number, retryAfterMs: number | undefined): void;
  onDelivery(message: number): void;
  /** So many events were left out for a reader that was too slow, and it was told: they are in the history. */
  onGap?(events: number): void;
  onClose(code: number): void;
}

/**
 * One client over bare `ws`, for either system alike: nothing of a client library is measured. Of what it is sent only
 * the number of the message is read.
 */
export interface BareSocket {
  /** The room as this system names it. */
  send(room: string, message: number): void;
  close(): void;
}

const digits = 8;
/** Bytes of text after the number: with what stands around it a frame has some 200 bytes on either system. */
const padding = ` ${"as people write, ".repeat(4)}`;

/** `m`, the number in eight digits, and text as people write it. */
export function textOf(message: number): string {
  return `${nameOf(message)}${padding}`;
}

export function nameOf(message: number): string {
  return `m${String(message).padStart(digits, "0")}`;
}

/** The number that stands after the marker (`"text":"m`); -1 where there is none. */
export function numberAfter(frame: Buffer, marker: Buffer, from: number): number {
  const at = frame.indexOf(marker, from);
  if (at === -1) return -1;
  let value = 0;
  for (let index = at + marker.length; index < at + marker.length + digits; index++) {
    const digit = (frame[index] ?? 0) - 48;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

/**
 * Open, and not read yet: a server that speaks first does so before whoever waits for the socket can listen. To be resumed.
 * **Errors**: rejects where the socket ends before it is open.
 */
export function openBare(url: string, protocol: string | undefined): Promise<WebSocket> {
  const options = { perMessageDeflate: false, skipUTF8Validation: true };
  const socket = protocol === undefined ? new WebSocket(url, options) : new WebSocket(url, protocol, options);
  return new Promise((resolve, reject) => {
    socket.once("open", () => {
      socket.pause();
      resolve(socket);
    });
    socket.on("error", reject);
  });
}

export function asBuffer(data: unknown): Buffer {
  if (!Buffer.isBuffer(data)) throw new Error("a frame came in pieces");
  return data;
}
