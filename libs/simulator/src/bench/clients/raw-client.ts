import { WebSocket } from "ws";
import { type Fields, isFields } from "../../history/content.ts";

export interface RawClientOptions {
  readonly url: string;
  readonly user: string;
  readonly token: string;
  readonly device?: string;
  /** Every `event` frame, unparsed: a crowd that parsed what it is sent would measure itself. */
  readonly onEvent?: (frame: string) => void;
}

/** When a request was acked and what that took. */
export interface Acked {
  /** Of `performance.now()`. */
  readonly at: number;
  readonly seq: number;
  readonly attempts: number;
  /** Codes of the refusals before it. */
  readonly refusals: readonly string[];
}

/**
 * The cheapest client that keeps the contract: one socket, answers matched by id, nothing else kept. For crowds of
 * thousands in one process; {@link openWire} is for short work that looks at everything.
 */
export interface RawClient {
  readonly user: string;
  readonly channels: readonly string[];
  /** Undefined while the socket is open. */
  readonly closeCode: number | undefined;
  /** Resolves with the close code. */
  readonly closed: Promise<number>;
  /** Sends a frame, and calls back for each answer that carries its id until one says that it was the last. */
  ask(frame: Fields, onAnswer: (answer: Fields) => "more" | "done"): void;
  /** **Errors**: rejects when the socket ends first. */
  request(frame: Fields): Promise<Fields>;
  /** The same id again after every retryable refusal. **Errors**: rejects when it is refused for good or the socket ends. */
  sendUntilAcked(frame: Fields): Promise<Acked>;
  close(): Promise<void>;
}

const welcomeWithinMs = 20_000;
/** Where a retryable refusal names no time. */
const retryMs = 200;

/** **Errors**: rejects where no `welcome` comes. */
export async function openRawClient(options: RawClientOptions): Promise<RawClient> {
  const { url, user, token, device = "bench", onEvent } = options;
  const socket = new WebSocket(url, "parley.v1", { perMessageDeflate: false });
  const waiting = new Map<string, (answer: Fields | undefined) => "more" | "done">();
  let closeCode: number | undefined;
  const closed = new Promise<number>((resolve) => {
    socket.on("close", (code) => {
      closeCode = code;
      for (const onAnswer of [...waiting.values()]) onAnswer(undefined);
      waiting.clear();
      resolve(code);
    });
  });
  socket.on("error", () => {});
  const welcome = await new Promise<Fields>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${user}: no welcome in time`)), welcomeWithinMs);
    void closed.then((code) => reject(new Error(`${user}: closed with ${code} before welcome`)));
    socket.on("open", () => socket.send(JSON.stringify({ type: "hello", token, device, protocol: 1 })));
    socket.on("message", (data) => {
      const text = data.toString();
      if (text.startsWith('{"type":"event"')) return onEvent?.(text);
      const frame: unknown = JSON.parse(text);
      if (!isFields(frame)) return;
      if (frame["type"] === "welcome") {
        clearTimeout(timer);
        resolve(frame);
        return;
      }
      const { id } = frame;
      if (typeof id !== "string") return;
      if (waiting.get(id)?.(frame) === "done") waiting.delete(id);
    });
  });
  const listed = Array.isArray(welcome["channels"]) ? welcome["channels"].filter(isFields) : [];

  const ask = (frame: Fields, onAnswer: (answer: Fields | undefined) => "more" | "done"): void => {
    if (closeCode !== undefined) return void onAnswer(undefined);
    waiting.set(String(frame["id"]), onAnswer);
    socket.send(JSON.stringify(frame));
  };
  const goneError = (): Error => new Error(`${user}: the socket closed with ${closeCode}`);
  return {
    user,
    channels: listed.map(({ channel }) => String(channel)),
    get closeCode() {
      return closeCode;
    },
    closed,
    ask: (frame, onAnswer) => ask(frame, (answer) => (answer === undefined ? "done" : onAnswer(answer))),
    request: (frame) =>
      new Promise((resolve, reject) => {
        ask(frame, (answer) => {
          if (answer === undefined) reject(goneError());
          else resolve(answer);
          return "done";
        });
      }),
    sendUntilAcked: (frame) =>
      new Promise((resolve, reject) => {
        const refusals: string[] = [];
        let timer: NodeJS.Timeout | undefined;
        ask(frame, (answer) => {
          if (answer === undefined) {
            clearTimeout(timer);
            reject(goneError());
            return "done";
          }
          if (answer["type"] === "ack") {
            clearTimeout(timer);
            resolve({ at: performance.now(), seq: Number(answer["seq"]), attempts: refusals.length + 1, refusals });
            return "done";
          }
          refusals.push(String(answer["code"]));
          if (answer["retryable"] !== true) {
            reject(new Error(`${user}: refused: ${JSON.stringify(answer)}`));
            return "done";
          }
          clearTimeout(timer);
          timer = setTimeout(() => socket.send(JSON.stringify(frame)), Number(answer["retryAfterMs"] ?? retryMs));
          return "more";
        });
      }),
    async close() {
      socket.close(1000);
      await closed;
    },
  };
}
