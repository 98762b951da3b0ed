import { WebSocket } from "ws";
import { type Fields, isFields } from "../history/content.ts";

export interface WireOptions {
  readonly url: string;
  readonly token: string;
  readonly device: string;
  readonly cursors?: Readonly<Record<string, number>>;
}

/**
 * A bare client: one socket, frames as they are, nothing mended. For what the SDK would hide, and for reading a log as
 * any client could. Keeps every frame it was sent, so it is for short work.
 */
export interface Wire {
  readonly welcome: Fields;
  readonly socket: WebSocket;
  /** In the order received, `welcome` included. */
  readonly frames: readonly Fields[];
  /** The same as texts. */
  readonly texts: readonly string[];
  send(frame: Fields): void;
  /** Sends, and resolves to the answer with the same `id`. **Errors**: rejects when the socket ends or after 10 s. */
  request(frame: Fields): Promise<Fields>;
  /** The first frame, past or to come, that fits. **Errors**: rejects when the socket ends or after 10 s. */
  find(fits: (frame: Fields) => boolean): Promise<Fields>;
  /** Resolves to the close code. */
  readonly closed: Promise<number>;
  close(): Promise<void>;
}

const answerWithinMs = 10_000;

/** Opens a socket, says `hello`, and resolves after `welcome`. **Errors**: rejects where none comes. */
export async function openWire({ url, token, device, cursors }: WireOptions): Promise<Wire> {
  const socket = new WebSocket(url, "parley.v1", { perMessageDeflate: false });
  const frames: Fields[] = [];
  const texts: string[] = [];
  const waiting = new Set<() => void>();
  const wake = (): void => {
    for (const look of [...waiting]) look();
  };
  let closeCode: number | undefined;
  const closed = new Promise<number>((resolve) => {
    socket.on("close", (code) => {
      closeCode = code;
      wake();
      resolve(code);
    });
  });
  socket.on("error", () => {});
  socket.on("message", (data) => {
    const text = data.toString();
    const frame: unknown = JSON.parse(text);
    if (!isFields(frame)) return;
    texts.push(text);
    frames.push(frame);
    wake();
  });

  const find = (fits: (frame: Fields) => boolean): Promise<Fields> =>
    new Promise((resolve, reject) => {
      const end = (): void => {
        clearTimeout(timer);
        waiting.delete(look);
      };
      const fail = (why: string): void => {
        end();
        reject(new Error(`${why}; the last frame was ${texts.at(-1)?.slice(0, 300) ?? "none"}`));
      };
      const timer = setTimeout(() => fail("no such frame in time"), answerWithinMs);
      const look = (): void => {
        const frame = frames.find(fits);
        if (frame !== undefined) {
          end();
          resolve(frame);
        } else if (closeCode !== undefined) fail(`the socket closed with ${closeCode}`);
      };
      waiting.add(look);
      look();
    });
  const send = (frame: Fields): void => socket.send(JSON.stringify(frame));

  socket.on("open", () =>
    send({ type: "hello", token, device, protocol: 1, ...(cursors === undefined ? {} : { cursors }) }),
  );
  const welcome = await find(({ type }) => type === "welcome").catch((cause: unknown) => {
    // Whoever tries again would leave this one behind.
    socket.terminate();
    throw cause;
  });
  return {
    welcome,
    socket,
    frames,
    texts,
    send,
    request(frame) {
      const from = frames.length;
      send(frame);
      return find(
        (answer) => frames.indexOf(answer, from) >= 0 && answer["id"] === frame["id"] && answer["type"] !== "event",
      );
    },
    find,
    closed,
    async close() {
      socket.close(1000);
      await closed;
    },
  };
}
