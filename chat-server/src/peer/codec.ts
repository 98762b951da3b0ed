import { Packr } from "msgpackr";
import type { RelayedEvent } from "../relay/relayed-event.ts";
import type { PeerMessage } from "./messages.ts";

/**
 * Messages between chat servers as bytes. The three that come with every message of a channel are lists by position, which
 * take half the time and a third of the bytes of objects; all others are objects as they stand. Numbers are never reused.
 */
const tag = { append: 1, answer: 2, events: 3 } as const;

const packr = new Packr({ useRecords: false });

export function packMessage(message: PeerMessage): Buffer {
  return Buffer.from(viewOfPacked(message));
}

/** The same without a copy: good until the next message is packed, which overwrites it. */
export function viewOfPacked(message: PeerMessage): Buffer {
  return packr.pack(toPacked(message));
}

/** **Errors**: throws for bytes that are no message. */
export function unpackMessage(packed: Buffer): PeerMessage {
  const message = fromPacked(packr.unpack(packed));
  if (!isMessage(message)) throw new TypeError("no message of a chat server");
  return message;
}

function toPacked(message: PeerMessage): unknown {
  switch (message.type) {
    case "append": {
      const { channel, sender, id, hash, wish, prev } = message.request;
      const packed: unknown[] = [tag.append, message.call, channel, sender, id, hash, wish];
      if (prev !== undefined) packed.push(prev);
      return packed;
    }
    case "answer":
      return [tag.answer, message.call, message.answer];
    case "events":
      return [tag.events, message.channel, message.events.map(packEvent)];
    default:
      return message;
  }
}

function packEvent({ seq, sender, id, hash, time, ordinal, payload, body }: RelayedEvent): unknown[] {
  return body === undefined
    ? [seq, sender, id, hash, time, ordinal, payload]
    : [seq, sender, id, hash, time, ordinal, payload, body];
}

function fromPacked(packed: unknown): unknown {
  if (!Array.isArray(packed)) return packed;
  const [kind, first, second] = packed;
  switch (kind) {
    case tag.append: {
      const [, call, channel, sender, id, hash, wish, prev] = packed;
      const request = { channel, sender, id, hash, wish };
      return { type: "append", call, request: prev === undefined ? request : { ...request, prev } };
    }
    case tag.answer:
      return { type: "answer", call: first, answer: second };
    case tag.events:
      return { type: "events", channel: first, events: second.map((event: unknown) => unpackEvent(first, event)) };
    default:
      throw new TypeError(`no message of a chat server: ${kind}`);
  }
}

function unpackEvent(channel: unknown, event: unknown): unknown {
  if (!Array.isArray(event)) throw new TypeError("no event");
  const [seq, sender, id, hash, time, ordinal, payload, body] = event;
  // A copy, since relays keep payloads for a while: a view would keep the whole batch.
  return { channel, seq, sender, id, hash, time, ordinal, body, payload: Buffer.from(payload) };
}

/** Ours alone publish here: who it is from is trusted, so its fields are not looked into. */
function isMessage(value: unknown): value is PeerMessage {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
}
