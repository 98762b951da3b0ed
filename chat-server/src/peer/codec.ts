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
  // By index: to take a list apart by its iterator costs several times as much, and this is done with every message.
  switch (packed[0]) {
    case tag.append: {
      const request = { channel: packed[2], sender: packed[3], id: packed[4], hash: packed[5], wish: packed[6] };
      const prev: unknown = packed[7];
      return { type: "append", call: packed[1], request: prev === undefined ? request : { ...request, prev } };
    }
    case tag.answer:
      return { type: "answer", call: packed[1], answer: packed[2] };
    case tag.events: {
      const channel: unknown = packed[1];
      return { type: "events", channel, events: packed[2].map((event: unknown) => unpackEvent(channel, event)) };
    }
    default:
      throw new TypeError(`no message of a chat server: ${packed[0]}`);
  }
}

function unpackEvent(channel: unknown, event: unknown): unknown {
  if (!Array.isArray(event)) throw new TypeError("no event");
  return {
    channel,
    seq: event[0],
    sender: event[1],
    id: event[2],
    hash: event[3],
    time: event[4],
    ordinal: event[5],
    body: event[7],
    // A view: whoever keeps a payload copies it.
    payload: event[6],
  };
}

/** Ours alone publish here: who it is from is trusted, so its fields are not looked into. */
function isMessage(value: unknown): value is PeerMessage {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
}
