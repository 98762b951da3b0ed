import type { AckFrame, ClientFrame, ErrorCode, ErrorFrame, EventFrame, ResultFrame } from "@parley/protocol";
import type { ChannelSummary } from "./types.ts";

type ChannelRequest = Extract<ClientFrame, { id: string; channel: string }>;
type EventBody = Record<string, unknown> & { readonly kind: EventFrame["kind"] };

/** A channel's log in memory, with the promises of the protocol: one event an id, `prev` before its successor. */
export class ScriptedChannel {
  readonly channel: string;
  readonly members: Set<string>;
  readonly log: EventFrame[] = [];
  kind: "direct" | "group" = "group";
  onAppend: (event: EventFrame) => void = () => {};
  /** Every answer of `history` is cut to so many events. */
  pageMax = 200;

  constructor(channel: string, members: readonly string[]) {
    this.channel = channel;
    this.members = new Set(members);
  }

  get head(): number {
    return this.log.length;
  }

  summary(): ChannelSummary {
    return { channel: this.channel, kind: this.kind, role: "member", head: this.head, read: 0, unread: 0 };
  }

  /** Texts of the log's messages, in order. */
  texts(): readonly (string | undefined)[] {
    return this.log.flatMap((event) => (event.kind === "message" ? [event.text] : []));
  }

  append(sender: string, body: EventBody, id?: string): EventFrame {
    const seq = this.head + 1;
    const event = { type: "event", channel: this.channel, seq, sender, time: Date.now(), id, ...body } as EventFrame;
    this.log.push(event);
    this.onAppend(event);
    return event;
  }

  /** A message that somebody else wrote. */
  say(sender: string, text: string): EventFrame {
    return this.append(sender, { kind: "message", text });
  }

  serve(user: string, frame: ChannelRequest): AckFrame | ErrorFrame | ResultFrame {
    if (frame.type === "history") return this.#read(frame);
    const known = this.log.find((event) => event.sender === user && event.id === frame.id);
    if (known !== undefined) return this.#ack(known, frame.id, true);
    const prev = "prev" in frame ? frame.prev : undefined;
    if (prev !== undefined && !this.log.some((event) => event.sender === user && event.id === prev)) {
      return this.#refuse(frame.id, "unavailable", "prev is not in the log yet");
    }
    const event = this.append(user, bodyOf(user, frame), frame.id);
    // The member's own removal is its last event.
    if (event.kind === "member" && event.change !== "joined" && event.change !== "role")
      this.members.delete(event.user);
    return this.#ack(event, frame.id, false);
  }

  #ack(event: EventFrame, id: string, isDuplicate: boolean): AckFrame {
    const { channel, seq, time } = event;
    return { type: "ack", id, channel, seq, time, ...(isDuplicate ? { duplicate: true } : {}) };
  }

  #refuse(id: string, code: ErrorCode, message: string): ErrorFrame {
    return { type: "error", id, code, message, retryable: code === "unavailable" };
  }

  #read({ id, before, after, limit = 50 }: Extract<ClientFrame, { type: "history" }>): ResultFrame {
    const count = Math.min(limit, this.pageMax);
    const from = after ?? Math.max(0, (before ?? this.head + 1) - 1 - count);
    const events = this.log.slice(from, after === undefined ? (before ?? this.head + 1) - 1 : from + count);
    const isComplete = after === undefined ? from === 0 : from + events.length >= this.head;
    return { type: "result", id, events, complete: isComplete };
  }
}

function bodyOf(user: string, frame: Exclude<ChannelRequest, { type: "history" }>): EventBody {
  switch (frame.type) {
    case "send":
      return { kind: "message", text: frame.text, data: frame.data, replyTo: frame.replyTo, mentions: frame.mentions };
    case "edit":
      return { kind: "edit", target: frame.target, text: frame.text };
    case "delete":
      return { kind: "delete", target: frame.target };
    case "react":
      return { kind: "reaction", target: frame.target, emoji: frame.emoji };
    case "channel.invite":
      return { kind: "member", user: frame.user, change: "joined" };
    case "channel.remove":
      return { kind: "member", user: frame.user, change: "removed" };
    case "channel.leave":
      return { kind: "member", user, change: "left" };
    case "channel.role":
      return { kind: "member", user: frame.user, change: "role", role: frame.role };
    default:
      return frame satisfies never;
  }
}
