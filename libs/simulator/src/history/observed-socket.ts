import { WebSocket } from "ws";
import { type Fields, isFields, isRequestType, parseEvent, requestContent, requestFacts } from "./content.ts";
import { digest } from "./digest.ts";
import type { History } from "./history.ts";
import type { HistoryLine, SeenEvent } from "./lines.ts";
import { tokenExpiry } from "./token-expiry.ts";

/** What has happened so far, for live rates. */
export interface Counters {
  sent: number;
  acked: number;
  refused: number;
  unknown: number;
  delivered: number;
  gaps: number;
  connections: number;
  /** Sockets that were open and ended without our doing. */
  closedByServer: number;
}

export interface ObservedDevice {
  readonly user: string;
  readonly device: string;
  /** The device gives `prev` on all it sends, as the SDK does. */
  readonly isChained: boolean;
  /** Every frame but `hello` goes out twice, as from a client that retries in a storm. */
  readonly sendsTwice?: boolean;
  /** Called with each socket that the device opens. */
  readonly onSocket?: (socket: WebSocket) => void;
}

export interface Observer {
  /** A WebSocket class, to be given to the SDK or used bare, that records what goes over the wire. */
  socketOf(device: ObservedDevice): new (url: string, protocols?: string | string[]) => WebSocket;
  readonly counters: Readonly<Counters>;
  /** ms, monotonic; the clock of every line. */
  now(): number;
  /** What is received from now on is not recorded. */
  deafen(): void;
}

const tokenEndedCode = 4401;

/** Event frames come to many sockets in the same bytes: each is parsed once while it is fresh. Two generations of so many. */
const freshFramesMax = 20_000;

/** Puts everything that passes over sockets into a history, as their devices see it. */
export function createObserver(history: History, now: () => number): Observer {
  const counters: Counters = {
    sent: 0,
    acked: 0,
    refused: 0,
    unknown: 0,
    delivered: 0,
    gaps: 0,
    connections: 0,
    closedByServer: 0,
  };
  const findEvent = createEventCache();
  let connections = 0;
  let isDeaf = false;

  /** `refreshes`: ids of those that are open; their answers look like others'. */
  const observe = (connection: number, device: ObservedDevice, refreshes = new Set<string>()) => ({
    sent(text: string): void {
      const line = lineOfSent(text, connection, device, now());
      if (line === undefined) return;
      if (line.line === "refresh") refreshes.add(line.id);
      if (line.line === "invoke") counters.sent += 1;
      if (line.line === "connected") counters.connections += 1;
      history.record(line);
    },
    received(text: string): void {
      if (isDeaf) return;
      if (text.startsWith(eventStart)) {
        counters.delivered += 1;
        history.record({ line: "delivered", at: now(), connection, event: findEvent(text) });
        return;
      }
      const line = lineOfReceived(text, connection, now(), refreshes);
      if (line === undefined) return;
      if (line.line === "ok") counters.acked += 1;
      if (line.line === "refused") counters.refused += 1;
      if (line.line === "unknown") counters.unknown += 1;
      if (line.line === "gap") counters.gaps += 1;
      history.record(line);
    },
    closed(code: number, isOurDoing: boolean): void {
      // Whose token ends had it in hand to bring another.
      if (!isOurDoing && code !== tokenEndedCode) counters.closedByServer += 1;
      history.record({ line: "closed", at: now(), connection, code });
    },
  });

  return {
    counters,
    now,
    deafen() {
      isDeaf = true;
    },
    socketOf(device) {
      return class ObservedSocket extends WebSocket {
        readonly #observed = observe(connections++, device);
        /** True also until it was open: a handshake that fails is another story. */
        #isOurDoing = true;

        constructor(url: string, protocols?: string | string[]) {
          super(url, protocols, { perMessageDeflate: false, maxPayload: 4 * 1024 * 1024 });
          this.on("message", (data) => this.#observed.received(data.toString()));
          this.on("open", () => {
            this.#isOurDoing = false;
          });
          this.on("close", (code) => this.#observed.closed(code, this.#isOurDoing));
          // The SDK learns of errors by the close that follows; a bare `ws` would throw for want of a listener.
          this.on("error", () => {});
          device.onSocket?.(this);
        }

        override close(code?: number, reason?: string): void {
          this.#isOurDoing = true;
          super.close(code, reason);
        }

        override terminate(): void {
          this.#isOurDoing = true;
          super.terminate();
        }

        override send(data: string, ...rest: unknown[]): void {
          this.#observed.sent(data);
          if (device.sendsTwice === true && !data.includes('"type":"hello"')) {
            this.#observed.sent(data);
            super.send(data, () => {});
          }
          const [callback] = rest;
          super.send(data, typeof callback === "function" ? (error) => callback(error) : () => {});
        }
      };
    },
  };
}

/** `type` comes first in every frame of our servers; another server's go the slow way and are counted there. */
const eventStart = '{"type":"event"';

function createEventCache(): (text: string) => SeenEvent {
  let fresh = new Map<string, SeenEvent>();
  let old = new Map<string, SeenEvent>();
  return (text) => {
    const known = fresh.get(text) ?? old.get(text);
    if (known !== undefined) return known;
    const frame: unknown = JSON.parse(text);
    const event = parseEvent(isFields(frame) ? frame : {}, digest(text));
    if (fresh.size >= freshFramesMax) {
      old = fresh;
      fresh = new Map();
    }
    fresh.set(text, event);
    return event;
  };
}

function lineOfSent(text: string, connection: number, device: ObservedDevice, at: number): HistoryLine | undefined {
  const frame: unknown = JSON.parse(text);
  if (!isFields(frame)) return undefined;
  const { type, id, channel } = frame;
  if (type === "hello") {
    const { user, device: name, isChained } = device;
    const tokenExpiresAt = tokenEnd(frame, at);
    return {
      line: "connected",
      at,
      connection,
      user,
      device: name,
      cursors: numbersOf(frame["cursors"]),
      isChained,
      ...(tokenExpiresAt === undefined ? {} : { tokenExpiresAt }),
    };
  }
  if (typeof id !== "string") return undefined;
  if (isRequestType(type)) {
    return { line: "invoke", at, connection, id, type, content: requestContent(frame), ...requestFacts(frame) };
  }
  if (type === "refresh") {
    return { line: "refresh", at, connection, id, tokenExpiresAt: tokenEnd(frame, at) ?? Number.MAX_SAFE_INTEGER };
  }
  if (type !== "history" || typeof channel !== "string") return undefined;
  const { after, before } = frame;
  return {
    line: "read",
    at,
    connection,
    id,
    channel,
    ...(typeof after === "number" ? { after } : {}),
    ...(typeof before === "number" ? { before } : {}),
  };
}

function lineOfReceived(text: string, connection: number, at: number, refreshes: Set<string>): HistoryLine | undefined {
  const frame: unknown = JSON.parse(text);
  if (!isFields(frame)) return undefined;
  const { type, id, channel, seq, from, to, head } = frame;
  switch (type) {
    case "event":
      return { line: "delivered", at, connection, event: parseEvent(frame, digest(text)) };
    case "ack":
      if (typeof id !== "string" || typeof channel !== "string" || typeof seq !== "number") return undefined;
      return { line: "ok", at, connection, id, channel, seq, isDuplicate: frame["duplicate"] === true };
    case "error":
      return typeof id === "string" ? lineOfError(frame, id, connection, at) : undefined;
    case "result":
      if (typeof id !== "string") return undefined;
      return refreshes.delete(id) ? { line: "refreshed", at, connection, id } : lineOfResult(frame, id, connection, at);
    case "gap":
      if (typeof channel !== "string" || typeof from !== "number" || typeof to !== "number") return undefined;
      return { line: "gap", at, connection, channel, from, to };
    case "reset":
      if (typeof channel !== "string" || typeof head !== "number") return undefined;
      return { line: "reset", at, connection, channel, head };
    case "welcome":
      return { line: "resumed", at, connection, heads: headsOf(frame["channels"]), hasMore: frame["more"] === true };
    default:
      return undefined;
  }
}

/** When the token of a frame ends, on the clock of `at`; undefined where it names no end. */
function tokenEnd({ token }: Fields, at: number): number | undefined {
  const expiresAt = typeof token === "string" ? tokenExpiry(token) : undefined;
  return expiresAt === undefined ? undefined : expiresAt - Date.now() + at;
}

/** `unavailable` and `rate_limited` never settle an id; nor does `internal`, which knows nothing. */
const unsettling: ReadonlySet<unknown> = new Set(["unavailable", "rate_limited", "internal"]);

function lineOfError(frame: Fields, id: string, connection: number, at: number): HistoryLine {
  const code = String(frame["code"]);
  const isUnknown = frame["unknown"] === true || unsettling.has(code);
  return { line: isUnknown ? "unknown" : "refused", at, connection, id, code };
}

function lineOfResult(frame: Fields, id: string, connection: number, at: number): HistoryLine | undefined {
  const { channel, events } = frame;
  if (typeof channel === "string" && events === undefined) {
    return { line: "ok", at, connection, id, channel, seq: 1, isDuplicate: false };
  }
  if (!Array.isArray(events)) return undefined;
  const seen = events.filter(isFields).map((event) => parseEvent(event));
  return { line: "page", at, connection, id, isComplete: frame["complete"] === true, events: seen };
}

function numbersOf(value: unknown): Record<string, number> {
  if (!isFields(value)) return {};
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, number] => typeof entry[1] === "number"),
  );
}

function headsOf(channels: unknown): Record<string, number> {
  if (!Array.isArray(channels)) return {};
  return Object.fromEntries(
    channels
      .filter(isFields)
      .flatMap(({ channel, head }) =>
        typeof channel === "string" && typeof head === "number" ? [[channel, head] as const] : [],
      ),
  );
}
