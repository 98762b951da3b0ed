import { type Fields, isFields, parseEvent } from "../history/content.ts";
import type { History } from "../history/history.ts";
import { openWire, type Wire } from "./wire.ts";

export interface LogReader {
  readonly url: string;
  /** A person who has been a member from the first event on. */
  readonly user: string;
  readonly token: string;
  readonly channels: readonly string[];
}

const pageEvents = 200;

/**
 * Reads the whole log of these channels through the public wire, as a device that was never there before would, and
 * puts it into the history. **Errors**: rejects where a page is refused, since then nothing can be proven.
 */
export async function recordFinalLogs(history: History, reader: LogReader, now: () => number): Promise<void> {
  const wire = await openPatiently(reader, () => `audit-${Math.floor(now())}`);
  try {
    for (const channel of reader.channels) await recordFinalLog(history, wire, channel, now);
  } finally {
    await wire.close();
  }
}

const openAttemptsMax = 3;

/** On a machine that is very busy a first try may take too long; each is a device of its own. */
async function openPatiently({ url, token }: LogReader, device: () => string): Promise<Wire> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await openWire({ url, token, device: device() });
    } catch (cause) {
      if (attempt === openAttemptsMax) throw cause;
    }
  }
}

async function recordFinalLog(history: History, wire: Wire, channel: string, now: () => number): Promise<void> {
  let after = 0;
  for (;;) {
    const answer = await requestPage(wire, { type: "history", channel, after, limit: pageEvents });
    const events = Array.isArray(answer["events"]) ? answer["events"].filter(isFields) : [];
    for (const event of events)
      history.record({ line: "final-log", at: now(), event: parseEvent({ channel, ...event }) });
    after = events.reduce((last, { seq }) => (typeof seq === "number" ? Math.max(last, seq) : last), after);
    if (answer["complete"] === true || events.length === 0) break;
  }
  history.record({ line: "final-head", at: now(), channel, head: headOf(wire.welcome, channel) ?? after });
}

const attemptsMax = 20;

/** Right after a fault the store may be away for a moment, which the error says is worth another try. */
async function requestPage(wire: Wire, frame: Fields): Promise<Fields> {
  for (let attempt = 1; ; attempt++) {
    const answer = await wire.request({ ...frame, id: `audit-${wire.frames.length}-${attempt}` });
    if (answer["type"] === "result") return answer;
    if (answer["retryable"] !== true || attempt === attemptsMax) {
      throw new Error(`the final log could not be read: ${JSON.stringify(answer)}`);
    }
    const wait = Number(answer["retryAfterMs"] ?? 250);
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
}

function headOf(welcome: Fields, channel: string): number | undefined {
  const channels = Array.isArray(welcome["channels"]) ? welcome["channels"].filter(isFields) : [];
  const head = channels.find((one) => one["channel"] === channel)?.["head"];
  return typeof head === "number" ? head : undefined;
}
