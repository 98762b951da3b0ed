import type { History } from "../history/history.ts";
import type { HistoryLine } from "../history/lines.ts";

/** The highest seq of a channel that a person had been told of before some time. */
export interface Floors {
  /** `lines`: what told of it; empty, with seq 0, where nothing did. */
  before(user: string, channel: string, at: number): { readonly seq: number; readonly lines: readonly HistoryLine[] };
}

interface Told {
  readonly at: number;
  readonly seq: number;
  readonly line: HistoryLine;
}

export function createFloors(history: History): Floors {
  const told = new Map<string, Told[]>();
  const userOf = (connection: number): string => history.connections.get(connection)?.connected.user ?? "";
  const tell = (user: string, channel: string, seq: number, line: HistoryLine): void => {
    const key = `${user}/${channel}`;
    const list = told.get(key);
    if (list === undefined) told.set(key, [{ at: line.at, seq, line }]);
    else list.push({ at: line.at, seq, line });
  };
  for (const { user, acks } of history.requests.values()) {
    for (const ack of acks) tell(user, ack.channel, ack.seq, ack);
  }
  for (let index = 0; index < history.stream.length; index++) {
    const line = history.stream.line(index);
    if (line.line === "delivered") tell(userOf(line.connection), line.event.channel, line.event.seq, line);
    if (line.line === "gap") tell(userOf(line.connection), line.channel, line.to, line);
  }
  for (const { request, page } of history.reads) {
    for (const event of page?.events ?? []) tell(userOf(request.connection), event.channel, event.seq, page ?? request);
  }
  for (const { connected, resumed } of history.connections.values()) {
    if (resumed === undefined) continue;
    for (const [channel, head] of Object.entries(resumed.heads)) tell(connected.user, channel, head, resumed);
  }
  for (const [key, list] of told) told.set(key, rising(list));
  return {
    before(user, channel, at) {
      const found = told.get(`${user}/${channel}`)?.findLast((one) => one.at < at);
      return found === undefined ? { seq: 0, lines: [] } : { seq: found.seq, lines: [found.line] };
    },
  };
}

/** Only where more was told than before. */
function rising(list: Told[]): Told[] {
  let seq = 0;
  return list
    .sort((a, b) => a.at - b.at)
    .filter((one) => {
      if (one.seq <= seq) return false;
      seq = one.seq;
      return true;
    });
}
