import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import type { Client } from "@parley/client";
import type { EventFrame } from "@parley/protocol";
import type { Chat } from "./chat.ts";
import { plain } from "./plain-text.ts";

/** How long the end of the input waits for what is unsent. */
const drainMs = 10_000;
/** Messages shown on entry. */
const entryItems = 20;

export interface LineModeOptions {
  readonly chat: Chat;
  readonly client: Client;
  readonly input: Readable;
  readonly output: Writable;
  /** Resolves when something else than the input ends the program. */
  readonly ended: Promise<void>;
}

/**
 * For scripts and pipes: each line of input is sent or run, each event is one line of output. At the end of the input
 * what is unsent has ten seconds; returns how many messages are left (they stay in the outbox file).
 */
export async function runLines({ chat, client, input, output, ended }: LineModeOptions): Promise<number> {
  const { state } = chat;
  const print = (line: string): void => {
    output.write(`${plain(line).replaceAll("\n", "\n    ")}\n`);
  };
  const printRemarks = createRemarkPrinter(chat, print);
  /** Channel → the newest event that was printed on entry: it may come as an event too. */
  const entered = new Map<string, number>();
  const printEntry = createEntryPrinter(chat, entered, print);
  client.on("event", (event) => {
    if (event.seq <= (entered.get(event.channel) ?? 0)) return;
    print(describe(state.conversation(event.channel).title, event));
  });
  client.on("state", (connection) => {
    if (connection.kind === "online") print(`* connected as ${connection.user}`);
    if (connection.kind === "waiting") print(`* not connected (${connection.reason}), trying again`);
    if (connection.kind === "stopped") print(`* stopped: ${connection.reason}`);
  });
  client.on("request", ({ state: kind, ack, error }) => {
    if (kind === "sent" && ack !== undefined) print(`* sent #${ack.seq}`);
    if (kind === "failed" && error?.code !== "closed") print(`* not sent: ${error?.message ?? "unknown"}`);
  });
  state.subscribe(printRemarks);
  state.subscribe(printEntry);

  const isOpen = Promise.race([ended, opened(chat)]);
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
  void ended.then(() => lines.close());
  for await (const line of lines) {
    // A line needs a conversation to go to; while there is none, input waits.
    await isOpen;
    chat.submit(line);
  }
  await Promise.race([ended, drained(client)]);
  return client.outbox().length;
}

function opened(chat: Chat): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (chat.state.open === undefined) return;
      unsubscribe();
      resolve();
    };
    const unsubscribe = chat.state.subscribe(look);
    look();
  });
}

async function drained(client: Client): Promise<void> {
  const open = client.outbox().map(({ settled }) => settled);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, drainMs);
  });
  await Promise.race([Promise.allSettled(open), late]);
  clearTimeout(timer);
}

/** Prints each remark once, whichever conversation it is in. */
function createRemarkPrinter(chat: Chat, print: (line: string) => void): () => void {
  const printed = new WeakSet<object>();
  return () => {
    for (const remarks of chat.state.remarks.values()) {
      for (const remark of remarks) {
        if (printed.has(remark)) continue;
        printed.add(remark);
        for (const line of remark.lines) print(`* ${line}`);
      }
    }
  };
}

/** Prints the last messages of a conversation when it is opened for the first time. */
function createEntryPrinter(chat: Chat, entered: Map<string, number>, print: (line: string) => void): () => void {
  return () => {
    const { current } = chat.state;
    if (current === undefined || entered.has(current.channel) || current.items.length === 0) return;
    entered.set(current.channel, current.items.at(-1)?.seq ?? 0);
    for (const item of current.items.slice(-entryItems)) {
      if (item.kind === "notice") print(`[${current.title}] ${clock(item.time)} #${item.seq} ${item.text}`);
      else print(`${startOf(current.title, item)}: ${item.isDeleted ? "(deleted)" : item.text}`);
    }
  };
}

interface Stamp {
  readonly seq: number;
  readonly sender: string;
  readonly time: number;
}

function startOf(title: string, { seq, sender, time }: Stamp): string {
  return `[${title}] ${clock(time)} #${seq} ${sender}`;
}

function clock(time: number): string {
  return new Date(time).toISOString().slice(11, 16);
}

function describe(title: string, event: EventFrame): string {
  const start = startOf(title, event);
  switch (event.kind) {
    case "message":
      return `${start}: ${event.replyTo === undefined ? "" : `(to #${event.replyTo}) `}${event.text ?? JSON.stringify(event.data)}`;
    case "edit":
      return `${start} changed #${event.target}: ${event.text}`;
    case "delete":
      return `${start} deleted #${event.target}`;
    case "reaction":
      return `${start} ${event.remove === true ? "took back" : "reacted with"} ${event.emoji} at #${event.target}`;
    case "member":
      return `${start}: ${event.user} ${event.change}${event.role === undefined ? "" : ` (${event.role})`}`;
    case "created":
      return `${start} started a ${event.channelKind} conversation with ${event.members.map(({ user }) => user).join(", ")}`;
    case "noop":
      return `${start}`;
    default:
      return event satisfies never;
  }
}
