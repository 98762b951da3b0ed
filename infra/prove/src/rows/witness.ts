import type { Scene } from "@parley/simulator";

type Fields = Readonly<Record<string, unknown>>;

export interface WitnessOptions {
  readonly url: string;
  readonly user: string;
  readonly device: string;
  readonly token: string;
  readonly cursors?: Readonly<Record<string, number>>;
}

/** One bare socket of one person, nothing mended; what passes over it is in the history and judged with the rest. */
export interface Witness {
  readonly user: string;
  readonly isOpen: boolean;
  /** The last seq of this channel that it was told of. */
  at(channel: string): number;
  /** How many gaps it was told of. */
  readonly gaps: number;
  /** Stops and starts reading. */
  pause(): void;
  goOn(): void;
  send(frame: Fields): void;
  /** Sends, again for as long as the answer settles nothing. **Errors**: rejects when the socket ends or after 60 s. */
  request(frame: Fields): Promise<Fields>;
  end(): void;
}

const answerWithinMs = 60_000;
const againMs = 100;

/** Resolves after `welcome`. **Errors**: rejects where none comes. */
export async function openWitness({ observer }: Scene, options: WitnessOptions): Promise<Witness> {
  const { url, user, device, token, cursors = {} } = options;
  const Observed = observer.socketOf({ user, device, isChained: false });
  const socket = new Observed(url, "parley.v1");
  const places = new Map<string, number>();
  const waiting = new Map<string, (frame: Fields) => void>();
  let gaps = 0;
  let isOpen = false;
  const ended = new Promise<never>((_, reject) => {
    socket.on("close", (code) => {
      isOpen = false;
      reject(new Error(`${user}'s socket closed with ${code}`));
    });
  });
  // Looked at by whoever waits for an answer.
  ended.catch(() => {});

  const answerTo = async (id: string): Promise<Fields> => {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(new Error(`no answer to ${user}'s ${id}`)), answerWithinMs);
    const answer = new Promise<Fields>((resolve) => waiting.set(id, resolve));
    try {
      return await Promise.race([answer, ended, late.promise]);
    } finally {
      clearTimeout(timer);
      waiting.delete(id);
    }
  };

  socket.on("message", (data) => {
    const frame: Fields = JSON.parse(data.toString());
    const { type, channel, seq, to, id } = frame;
    if (type === "event") places.set(String(channel), Number(seq));
    else if (type === "gap") {
      gaps += 1;
      places.set(String(channel), Number(to));
    } else if (type === "welcome") waiting.get("hello")?.(frame);
    else if (typeof id === "string") waiting.get(id)?.(frame);
  });
  socket.on("open", () => socket.send(JSON.stringify({ type: "hello", token, device, protocol: 1, cursors })));
  await answerTo("hello");
  isOpen = true;

  return {
    user,
    get isOpen() {
      return isOpen;
    },
    get gaps() {
      return gaps;
    },
    at: (channel) => places.get(channel) ?? cursors[channel] ?? 0,
    pause: () => socket.pause(),
    goOn: () => socket.resume(),
    send: (frame) => socket.send(JSON.stringify(frame)),
    async request(frame) {
      const id = String(frame["id"]);
      for (;;) {
        const answer = answerTo(id);
        socket.send(JSON.stringify(frame));
        const found = await answer;
        if (found["type"] !== "error" || (found["retryable"] !== true && found["unknown"] !== true)) return found;
        await new Promise((resolve) => setTimeout(resolve, Number(found["retryAfterMs"] ?? againMs)));
      }
    },
    end() {
      socket.resume();
      socket.close(1000);
    },
  };
}
