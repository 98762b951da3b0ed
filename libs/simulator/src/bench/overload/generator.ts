import { createRooms, openCrowd } from "../clients/crowd.ts";
import type { RawClient } from "../clients/raw-client.ts";
import { type FromGenerator, isToGenerator, type LoadFigures, type ToGenerator } from "./generator-messages.ts";

/**
 * A process that sends at a given rate, whatever becomes of it (an open loop): what is refused is not tried again, so the
 * rate stays what it was told to be. Ends with the channel to its parent.
 */
const tickMs = 5;
/** Well above what a gateway lets a socket have open: its own bound is to be met, not ours. */
const openMax = 256;
const text = "a message of some sixty characters, as people write them";

interface Writer {
  readonly client: RawClient;
  readonly channel: string;
  /** id → when it was sent. Insertion order is order of time. */
  readonly open: Map<string, number>;
}

const writers: Writer[] = [];
let perS = 0;
let next = 0;
let debt = 0;
let lastTick = performance.now();
let taken = { at: performance.now(), cpu: process.cpuUsage() };
let counts = fresh();

function fresh() {
  return {
    sent: 0,
    withheld: 0,
    delivered: 0,
    withoutRetryAfter: 0,
    ackMs: [] as number[],
    refusalMs: [] as number[],
    refusals: {} as Record<string, number>,
  };
}

async function open({ name, urls, tokens, roomSize }: Extract<ToGenerator, { kind: "open" }>): Promise<void> {
  const tokenOf = new Map(tokens);
  const users = tokens.map(([user]) => user);
  const onEvent = (): void => {
    counts.delivered += 1;
  };
  const clients = await openCrowd({ urls, users, tokenOf: (user) => tokenOf.get(user) ?? "", onEvent });
  for (const { channel, members } of await createRooms(clients, roomSize, name)) {
    for (const client of members) writers.push({ client, channel, open: new Map() });
  }
  // Neighbours in the list are of different rooms, so that a slow rate still is in many of them.
  writers.sort((a, b) => (clients.indexOf(a.client) % roomSize) - (clients.indexOf(b.client) % roomSize));
  setInterval(tick, tickMs);
}

function tick(): void {
  const now = performance.now();
  debt = Math.min(debt + ((now - lastTick) / 1_000) * perS, perS);
  lastTick = now;
  for (; debt >= 1; debt -= 1) {
    const writer = writers[next % writers.length];
    if (writer !== undefined) send(writer, `l${next}`, now);
    next += 1;
  }
}

function send({ client, channel, open }: Writer, id: string, now: number): void {
  if (client.closeCode !== undefined || open.size >= openMax) {
    counts.withheld += 1;
    return;
  }
  open.set(id, now);
  counts.sent += 1;
  client.ask({ type: "send", id, channel, text }, (answer) => {
    open.delete(id);
    const ms = performance.now() - now;
    if (answer["type"] === "ack") counts.ackMs.push(ms);
    else {
      counts.refusalMs.push(ms);
      const code = String(answer["code"]);
      counts.refusals[code] = (counts.refusals[code] ?? 0) + 1;
      if (typeof answer["retryAfterMs"] !== "number") counts.withoutRetryAfter += 1;
    }
    return "done";
  });
}

function take(): LoadFigures {
  const now = performance.now();
  const { user, system } = process.cpuUsage(taken.cpu);
  const ms = now - taken.at;
  let [openNow, oldest] = [0, now];
  for (const writer of writers) {
    openNow += writer.open.size;
    for (const at of writer.open.values()) {
      oldest = Math.min(oldest, at);
      break;
    }
  }
  const figures = {
    ...counts,
    seconds: ms / 1_000,
    open: openNow,
    oldestMs: now - oldest,
    socketsClosed: writers.filter(({ client }) => client.closeCode !== undefined).length,
    cpu: (user + system) / 1_000 / ms,
  };
  counts = fresh();
  taken = { at: now, cpu: process.cpuUsage() };
  return figures;
}

function tell(message: FromGenerator): void {
  process.send?.(message);
}

process.on("message", (message) => {
  if (!isToGenerator(message)) return;
  switch (message.kind) {
    case "open":
      open(message).then(
        () => tell({ kind: "opened" }),
        (cause: unknown) => tell({ kind: "failed", why: String(cause) }),
      );
      break;
    case "rate":
      perS = message.perS;
      break;
    case "take":
      tell({ kind: "taken", figures: take() });
      break;
    default:
      message satisfies never;
  }
});
process.on("disconnect", () => process.exit(0));
