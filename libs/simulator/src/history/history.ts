import { createColumn } from "./column.ts";
import type { HistoryLine, InvokeLine, SeenEvent } from "./lines.ts";

export type LineOf<Name extends HistoryLine["line"]> = Extract<HistoryLine, { line: Name }>;

/** `refused` is here where it answers a `refresh`. */
export type SideLine = LineOf<
  "terms" | "refresh" | "refreshed" | "revoked" | "rest" | "baseline" | "presence" | "refused"
>;

/** One frame that carried a request, and what was answered to it, if anything was. */
export interface Attempt {
  readonly invoke: InvokeLine;
  answer?: LineOf<"ok"> | LineOf<"refused"> | LineOf<"unknown">;
}

/** One (user, id): however often it was sent, it may take effect once. */
export interface Request {
  readonly user: string;
  readonly device: string;
  readonly isChained: boolean;
  /** In the order sent, at least one. */
  readonly attempts: readonly [Attempt, ...Attempt[]];
  /** Every ack that named it, also where no attempt was open any more. */
  readonly acks: readonly LineOf<"ok">[];
}

export interface Connection {
  readonly connected: LineOf<"connected">;
  resumed?: LineOf<"resumed">;
  closed?: LineOf<"closed">;
}

export interface Read {
  readonly request: LineOf<"read">;
  page?: LineOf<"page">;
  refused?: LineOf<"refused">;
}

/** What sockets were sent of channels, in the order of arrival. Entry i: time, connection, and what it was. */
export interface Stream {
  readonly length: number;
  line(index: number): LineOf<"delivered"> | LineOf<"gap"> | LineOf<"reset">;
}

export interface FinalLog {
  /** As `welcome` told the fresh client. */
  head: number;
  /** In the order read. */
  readonly events: SeenEvent[];
}

/** Handed to the programs of devices by the SDK, in that order. */
export interface HandledStream {
  readonly length: number;
  entry(index: number): {
    readonly at: number;
    readonly device: string;
    readonly channel: string;
    readonly seq: number;
  };
}

/**
 * Everything that was seen of one run, kept so that the checker can walk it.
 *
 * **Bounds**: at most `linesMax` lines. At nine tenths of it {@link isFull} turns true and the load must end, so that
 * the rest fits; beyond the bound nothing is kept and {@link hasLost} turns true: a history with a piece missing proves
 * nothing. Requests take some 600 bytes, deliveries 16.
 */
export interface History {
  record(line: HistoryLine): void;
  readonly length: number;
  readonly isFull: boolean;
  readonly hasLost: boolean;
  /** By `user/id`, in the order of the first attempt. */
  readonly requests: ReadonlyMap<string, Request>;
  readonly connections: ReadonlyMap<number, Connection>;
  readonly reads: readonly Read[];
  /** Acks of what that user never sent. */
  readonly strayAcks: readonly LineOf<"ok">[];
  readonly stream: Stream;
  /** Device names are `user/device`. */
  readonly handled: HandledStream;
  readonly settled: readonly LineOf<"settled">[];
  /** What is told beside the logs, in the order recorded: terms, tokens, revocations, presence, nodes at rest. */
  readonly sides: readonly SideLine[];
  readonly finalLogs: ReadonlyMap<string, FinalLog>;
  /** Every distinct event frame that was delivered. */
  readonly delivered: readonly SeenEvent[];
}

export interface HistoryOptions {
  /** Default 8 million, some 200 MB. */
  readonly linesMax?: number;
  /** Called with each line as it is recorded, for a JSONL file. */
  readonly write?: (line: HistoryLine) => void;
}

interface MutableRequest extends Request {
  readonly attempts: [Attempt, ...Attempt[]];
  readonly acks: LineOf<"ok">[];
}

/** Gives each distinct value a small number. */
function createInterning<T>() {
  const numbers = new Map<T, number>();
  const values: T[] = [];
  return {
    values,
    numberOf(value: T): number {
      const known = numbers.get(value);
      if (known !== undefined) return known;
      numbers.set(value, values.length);
      return values.push(value) - 1;
    },
  };
}

function mustGet<T>(list: readonly T[], index: number): T {
  const value = list[index];
  if (value === undefined) throw new RangeError(`no entry ${index} in a list of ${list.length}`);
  return value;
}

export function createHistory({ linesMax = 8_000_000, write }: HistoryOptions = {}): History {
  const requests = new Map<string, MutableRequest>();
  const connections = new Map<number, Connection>();
  const openAttempts = new Map<string, Attempt[]>();
  const reads: Read[] = [];
  const openReads = new Map<string, Read>();
  const openRefreshes = new Set<string>();
  const strayAcks: LineOf<"ok">[] = [];
  const settled: LineOf<"settled">[] = [];
  const finalLogs = new Map<string, FinalLog>();
  const sides: SideLine[] = [];
  const stream = createStream();
  const handled = createHandled();
  let length = 0;
  let hasLost = false;

  const invoke = (line: InvokeLine): void => {
    const connection = connections.get(line.connection);
    if (connection === undefined) throw new Error(`a request on connection ${line.connection} before its hello`);
    const attempt: Attempt = { invoke: line };
    const openKey = `${line.connection}/${line.id}`;
    const open = openAttempts.get(openKey);
    if (open === undefined) openAttempts.set(openKey, [attempt]);
    else open.push(attempt);
    const { user, device, isChained } = connection.connected;
    const known = requests.get(`${user}/${line.id}`);
    if (known === undefined)
      requests.set(`${user}/${line.id}`, { user, device, isChained, attempts: [attempt], acks: [] });
    else known.attempts.push(attempt);
  };

  // An answer names the id only, so it is taken as that of the oldest open attempt on its socket.
  const answer = (line: LineOf<"ok"> | LineOf<"refused"> | LineOf<"unknown">): void => {
    const openKey = `${line.connection}/${line.id}`;
    if (line.line === "ok") noteAck(line);
    const read = openReads.get(openKey);
    if (read !== undefined) {
      openReads.delete(openKey);
      if (line.line === "refused") read.refused = line;
      return;
    }
    if (line.line === "refused" && openRefreshes.delete(openKey)) sides.push(line);
    const open = openAttempts.get(openKey);
    const attempt = open?.shift();
    if (open?.length === 0) openAttempts.delete(openKey);
    if (attempt !== undefined) attempt.answer = line;
  };

  const noteAck = (line: LineOf<"ok">): void => {
    const user = connections.get(line.connection)?.connected.user;
    const request = requests.get(`${user}/${line.id}`);
    (request?.acks ?? strayAcks).push(line);
  };

  const finalLog = (channel: string): FinalLog => {
    const known = finalLogs.get(channel);
    if (known !== undefined) return known;
    const log: FinalLog = { head: 0, events: [] };
    finalLogs.set(channel, log);
    return log;
  };

  const keep = (line: HistoryLine): void => {
    switch (line.line) {
      case "connected":
        connections.set(line.connection, { connected: line });
        return;
      case "resumed": {
        const connection = connections.get(line.connection);
        if (connection !== undefined) connection.resumed = line;
        return;
      }
      case "closed": {
        const connection = connections.get(line.connection);
        if (connection !== undefined) connection.closed = line;
        return;
      }
      case "invoke":
        return invoke(line);
      case "ok":
      case "refused":
      case "unknown":
        return answer(line);
      case "delivered":
      case "gap":
      case "reset":
        return stream.push(line);
      case "read": {
        const read: Read = { request: line };
        reads.push(read);
        openReads.set(`${line.connection}/${line.id}`, read);
        return;
      }
      case "page": {
        const read = openReads.get(`${line.connection}/${line.id}`);
        openReads.delete(`${line.connection}/${line.id}`);
        if (read !== undefined) read.page = line;
        return;
      }
      case "handled":
        return handled.push(line);
      case "settled":
        settled.push(line);
        return;
      case "final-log":
        finalLog(line.event.channel).events.push(line.event);
        return;
      case "final-head":
        finalLog(line.channel).head = line.head;
        return;
      case "refresh":
        openRefreshes.add(`${line.connection}/${line.id}`);
        sides.push(line);
        return;
      case "terms":
      case "refreshed":
      case "revoked":
      case "rest":
      case "baseline":
      case "presence":
        sides.push(line);
        return;
      case "mark":
        return;
      default:
        line satisfies never;
    }
  };

  return {
    record(line) {
      if (length >= linesMax) {
        hasLost = true;
        return;
      }
      length += 1;
      keep(line);
      write?.(line);
    },
    get length() {
      return length;
    },
    get isFull() {
      return length >= linesMax * 0.9;
    },
    get hasLost() {
      return hasLost;
    },
    requests,
    connections,
    reads,
    strayAcks,
    stream,
    handled,
    settled,
    sides,
    finalLogs,
    delivered: stream.events,
  };
}

/**
 * The recorder hands over one and the same object for frames of the same bytes, so events are told apart by identity
 * and each is kept once.
 */
function createStream() {
  const at = createColumn("float64");
  const connection = createColumn("int32");
  const item = createColumn("int32");
  const events = createInterning<SeenEvent>();
  const notices: (LineOf<"gap"> | LineOf<"reset">)[] = [];
  return {
    events: events.values,
    push(line: LineOf<"delivered"> | LineOf<"gap"> | LineOf<"reset">): void {
      at.push(line.at);
      connection.push(line.connection);
      item.push(line.line === "delivered" ? events.numberOf(line.event) : -notices.push(line));
    },
    get length() {
      return at.length;
    },
    line(index: number): LineOf<"delivered"> | LineOf<"gap"> | LineOf<"reset"> {
      const number = item.at(index);
      if (number < 0) return mustGet(notices, -number - 1);
      return {
        line: "delivered",
        at: at.at(index),
        connection: connection.at(index),
        event: mustGet(events.values, number),
      };
    },
  };
}

function createHandled() {
  const at = createColumn("float64");
  const device = createColumn("int32");
  const channel = createColumn("int32");
  const seq = createColumn("int32");
  const devices = createInterning<string>();
  const channels = createInterning<string>();
  return {
    push(line: LineOf<"handled">): void {
      at.push(line.at);
      device.push(devices.numberOf(`${line.user}/${line.device}`));
      channel.push(channels.numberOf(line.channel));
      seq.push(line.seq);
    },
    get length() {
      return at.length;
    },
    entry(index: number) {
      return {
        at: at.at(index),
        device: mustGet(devices.values, device.at(index)),
        channel: mustGet(channels.values, channel.at(index)),
        seq: seq.at(index),
      };
    },
  };
}

/** The history that these lines tell. */
export function historyOf(lines: Iterable<HistoryLine>): History {
  const history = createHistory();
  for (const line of lines) history.record(line);
  return history;
}
