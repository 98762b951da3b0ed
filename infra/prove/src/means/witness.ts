import type { Scene } from "@parley/simulator";

type Fields = Readonly<Record<string, unknown>>;

export interface WitnessOptions {
  readonly url: string;
  readonly user: string;
  readonly device: string;
  readonly token: string;
  readonly cursors?: Readonly<Record<string, number>>;
}

/** One bare device of one person, nothing mended; what passes over its sockets is in the history and judged with the rest. */
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
  /**
   * Sends, again for as long as the answer settles nothing, and over another socket where this one has ended.
   * **Errors**: rejects where nothing is answered for 60 s.
   */
  request(frame: Fields): Promise<Fields>;
  end(): void;
}

const answerWithinMs = 60_000;
const againMs = 100;
const openAgainMs = 500;
const openAttemptsMax = 40;

/** Resolves after `welcome`; a gateway that is too busy is asked again. **Errors**: rejects where none comes. */
export async function openWitness({ observer }: Scene, options: WitnessOptions): Promise<Witness> {
  const { url, user, device, token, cursors = {} } = options;
  const Observed = observer.socketOf({ user, device, isChained: false });
  const places = new Map<string, number>(Object.entries(cursors));
  const waiting = new Map<string, { resolve: (frame: Fields) => void; reject: (error: Error) => void }>();
  let gaps = 0;
  let socket: InstanceType<typeof Observed> | undefined;
  let opening: Promise<void> | undefined;

  const answerTo = (id: string): Promise<Fields> =>
    new Promise<Fields>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no answer to ${user}'s ${id}`)), answerWithinMs);
      const forget = (): void => {
        clearTimeout(timer);
        waiting.delete(id);
      };
      waiting.set(id, {
        resolve: (frame) => {
          forget();
          resolve(frame);
        },
        reject: (error) => {
          forget();
          reject(error);
        },
      });
    });

  const hear = (frame: Fields): void => {
    const { type, channel, seq, to, id } = frame;
    if (type === "event") places.set(String(channel), Number(seq));
    else if (type === "gap") {
      gaps += 1;
      places.set(String(channel), Number(to));
    } else if (type === "welcome") waiting.get("hello")?.resolve(frame);
    else if (typeof id === "string") waiting.get(id)?.resolve(frame);
  };

  const openOnce = async (): Promise<void> => {
    const opened = new Observed(url, "parley.v1");
    const welcome = answerTo("hello");
    opened.on("message", (data) => hear(JSON.parse(data.toString())));
    opened.on("close", (code, reason) => {
      if (socket === opened) socket = undefined;
      for (const { reject } of [...waiting.values()]) reject(new Error(`${user}'s socket closed: ${code} ${reason}`));
    });
    opened.on("open", () => {
      const hello = { type: "hello", token, device, protocol: 1, cursors: Object.fromEntries(places) };
      opened.send(JSON.stringify(hello));
    });
    await welcome;
    socket = opened;
  };
  const openUntilThere = async (): Promise<void> => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await openOnce();
      } catch (error) {
        if (attempt === openAttemptsMax) throw error;
        await new Promise((resolve) => setTimeout(resolve, openAgainMs));
      }
    }
  };
  const mustBeOpen = async (): Promise<void> => {
    if (socket !== undefined) return;
    opening ??= openUntilThere().finally(() => {
      opening = undefined;
    });
    await opening;
  };
  await mustBeOpen();

  return {
    user,
    get isOpen() {
      return socket !== undefined;
    },
    get gaps() {
      return gaps;
    },
    at: (channel) => places.get(channel) ?? 0,
    pause: () => socket?.pause(),
    goOn: () => socket?.resume(),
    async request(frame) {
      for (let attempt = 1; ; attempt++) {
        await mustBeOpen();
        const answer = answerTo(String(frame["id"]));
        socket?.send(JSON.stringify(frame));
        // A socket that ended has answered nothing: the request goes over the next one.
        const found = await answer.catch((error: Error) => {
          if (socket !== undefined || attempt === openAttemptsMax) throw error;
          return { retryable: true, type: "error" } as Fields;
        });
        if (found["type"] !== "error" || (found["retryable"] !== true && found["unknown"] !== true)) return found;
        await new Promise((resolve) => setTimeout(resolve, Number(found["retryAfterMs"] ?? againMs)));
      }
    },
    end() {
      socket?.resume();
      socket?.close(1000);
    },
  };
}
