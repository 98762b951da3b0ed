import type { Seq } from "@parley/protocol";
import type { EventBody, LogEvent, OriginEffect, OriginState, StoredEvent } from "../message-store.ts";
import { toStored } from "../origin.ts";
import { fieldOf, idOf, packRanked, packText, unpackRanked, unpackText } from "./text.ts";

/** What every event has. */
interface EventDocumentBase {
  /** channel:seq, so that each event is a point read, on servers too that look nothing else up quickly. */
  _id: string;
  channel: string;
  seq: number;
  sender: string;
  id: string;
  time: number;
  ordinal: number;
  control: number;
  hash: string;
  /** Ranked: the newest edit as time and text; {@link deletedEdit} once deleted. */
  edit?: string;
  /** The edit events of this message: their text must go with it. */
  edits?: Record<string, number>;
  deleted?: number;
  /** By {@link reactionField}; ranked "0" (there) or "1" (removed). */
  reactions?: Record<string, string>;
}

export type EventDocument = EventDocumentBase & EventBody;

/** Sorts after every ranked string, so that `$max` with it is for good. */
const deletedEdit = "~";

export function eventKey(channel: string, seq: Seq): string {
  return `${channel}:${seq}`;
}

export function toDocument(event: LogEvent): EventDocument {
  const { body, ...rest } = event;
  return { _id: eventKey(event.channel, event.seq), ...rest, ...mapTexts(body, packText) };
}

export function fromDocument(document: EventDocument): StoredEvent {
  const { _id, channel, seq, sender, id, time, ordinal, control, hash, edit, edits, deleted, reactions, ...rest } =
    document;
  const body = withoutErased(mapTexts(rest, unpackText));
  const event: LogEvent = { channel, seq, sender, id, time, ordinal, control, hash, body };
  const newest = edit === undefined || edit === deletedEdit ? undefined : unpackEdit(edit);
  const record = {
    ...(newest === undefined ? {} : { edit: newest }),
    ...(deleted === undefined ? {} : { deleted }),
  };
  return toStored(event, record, Object.entries(reactions ?? {}).map(unpackReaction));
}

/** The edit events of a message, when the message is deleted and they must be erased too. */
export function editsToErase(document: EventDocument): readonly Seq[] {
  return document.deleted === undefined ? [] : Object.keys(document.edits ?? {}).map((field) => Number(idOf(field)));
}

/** `$max` and `$set` only: in any order and any number of times the result is the same. */
export function updateOf(effect: OriginEffect): Record<string, Record<string, unknown>> {
  switch (effect.kind) {
    case "edit": {
      const edit = packRanked(effect.seq, `${effect.time}:${packText(effect.text)}`);
      return { $max: { edit, [`edits.${fieldOf(String(effect.seq))}`]: 1 } };
    }
    case "delete":
      return { $max: { deleted: effect.seq, edit: deletedEdit }, ...eraseUpdate };
    case "reaction": {
      const field = reactionField(effect.user, effect.emoji);
      return { $max: { [`reactions.${field}`]: packRanked(effect.seq, effect.remove ? "1" : "0") } };
    }
    default: {
      const never: never = effect;
      return never;
    }
  }
}

/** Empty, not absent: `$unset` is one command more that a server would have to know. */
export const eraseUpdate = { $set: { text: "", data: "", erased: true } };

function withoutErased(body: EventBody): EventBody {
  if (body.kind === "message" && body.erased === true) {
    const { text: _text, data: _data, ...rest } = body;
    return rest;
  }
  // The erasing update wrote an empty `data` too.
  if (body.kind === "edit" && body.erased === true) return { kind: "edit", target: body.target, erased: true };
  return body;
}

function mapTexts(body: EventBody, map: (text: string) => string): EventBody {
  switch (body.kind) {
    case "message":
      return {
        ...body,
        ...(body.text === undefined ? {} : { text: map(body.text) }),
        ...(body.data === undefined ? {} : { data: map(body.data) }),
      };
    case "edit":
      return body.text === undefined ? body : { ...body, text: map(body.text) };
    case "reaction":
      return { ...body, emoji: map(body.emoji) };
    case "created":
      return body.name === undefined ? body : { ...body, name: map(body.name) };
    case "delete":
    case "member":
    case "noop":
      return body;
    default: {
      const never: never = body;
      return never;
    }
  }
}

function unpackEdit(stored: string): NonNullable<OriginState["edit"]> {
  const { seq, rest } = unpackRanked(stored);
  const colon = rest.indexOf(":");
  return { seq, time: Number(rest.slice(0, colon)), text: unpackText(rest.slice(colon + 1)) };
}

/** base64url has neither "." nor "$". */
function reactionField(user: string, emoji: string): string {
  return fieldOf(Buffer.from(`${user}:${packText(emoji)}`).toString("base64url"));
}

function unpackReaction([field, stored]: [string, string]): NonNullable<OriginState["reactions"]>[number] {
  const text = Buffer.from(idOf(field), "base64url").toString();
  const colon = text.indexOf(":");
  const { seq, rest } = unpackRanked(stored);
  return { user: text.slice(0, colon), emoji: unpackText(text.slice(colon + 1)), seq, remove: rest === "1" };
}
