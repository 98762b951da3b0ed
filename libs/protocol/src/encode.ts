import { eventSchemas } from "./event-frames.ts";
import type { ChannelId, RequestId, Role, Seq, UserId } from "./ids.ts";
import { type ServerFrame, serverFrameSchemas } from "./server-frames.ts";

/** What an `event` frame is made of: a `LogEvent` of the store is one, by its shape. */
export interface EncodableEvent {
  readonly channel: ChannelId;
  readonly seq: Seq;
  readonly sender: UserId;
  /** Ids that begin with "~" are the server's own and are not shown. */
  readonly id: RequestId;
  readonly time: number;
  readonly body: EncodableBody;
}

export type EncodableBody =
  | {
      readonly kind: "message";
      readonly text?: string;
      /** JSON text; goes into the frame byte for byte. */
      readonly data?: string;
      readonly replyTo?: Seq;
      readonly mentions?: readonly UserId[];
      readonly erased?: true;
    }
  | { readonly kind: "edit"; readonly target: Seq; readonly text?: string; readonly erased?: true }
  | { readonly kind: "delete"; readonly target: Seq }
  | { readonly kind: "reaction"; readonly target: Seq; readonly emoji: string; readonly remove?: true }
  | {
      readonly kind: "member";
      readonly user: UserId;
      readonly change: "joined" | "left" | "removed" | "role";
      readonly role?: Role;
    }
  | {
      readonly kind: "created";
      readonly channelKind: "direct" | "group";
      readonly name?: string;
      readonly members: readonly { readonly user: UserId; readonly role: Role }[];
    }
  | { readonly kind: "noop" };

/** What became of a message: the store's `OriginState`, by its shape. */
export interface EncodableOrigin {
  readonly edit?: { readonly seq: Seq; readonly text: string; readonly time: number };
  readonly deleted?: Seq;
  readonly reactions?: readonly {
    readonly user: UserId;
    readonly emoji: string;
    readonly seq: Seq;
    readonly remove: boolean;
  }[];
}

/**
 * The JSON text of the `event` frame as it is pushed live and at resume. The order of the fields is fixed here, so
 * that one event is the same bytes on every server and for every member.
 */
export function encodeEvent(event: EncodableEvent): string {
  return `${encodeStart(event)}${encodeBody(event.body)}}`;
}

/**
 * The same frame as a page of `history` shows it: an edited text with `editedAt`, who reacted with what, and nothing
 * but `deleted` where the message was deleted. Of other kinds than `message`, and without an origin, it is
 * {@link encodeEvent}.
 */
export function encodeFoldedEvent(event: EncodableEvent, origin: EncodableOrigin | undefined): string {
  const { body } = event;
  if (body.kind !== "message" || origin === undefined) return encodeEvent(event);
  if (body.erased || origin.deleted !== undefined) {
    return `${encodeStart(event)}${encodeBody({ ...body, erased: true })}}`;
  }
  const edited = origin.edit === undefined ? body : { ...body, text: origin.edit.text };
  const editedAt = origin.edit === undefined ? "" : `,"editedAt":${origin.edit.time}`;
  return `${encodeStart(event)}${encodeBody(edited)}${editedAt}${encodeReactions(origin.reactions)}}`;
}

/** A `result` of `history` around events that are encoded already (by {@link encodeFoldedEvent}). */
export function encodeHistoryResult(id: RequestId, events: readonly string[], isComplete: boolean): string {
  return `{"type":"result","id":${JSON.stringify(id)},"events":[${events.join(",")}],"complete":${isComplete}}`;
}

/**
 * Any frame: its fields in the order of the contract whatever the caller's was, those that are `undefined` left out,
 * and nothing that the contract does not name. Events of the log go through {@link encodeEvent}, whose bytes these are
 * too as long as `data` was serialised by `JSON.stringify`.
 */
export function encodeServerFrame(frame: ServerFrame): string {
  const ordered: Record<string, unknown> = {};
  const fields: Readonly<Record<string, unknown>> = frame;
  for (const name of frame.type === "event" ? eventFields[frame.kind] : frameFields[frame.type]) {
    if (fields[name] !== undefined) ordered[name] = fields[name];
  }
  return JSON.stringify(ordered);
}

/** The `ack` frame, which goes out with every message: the bytes of {@link encodeServerFrame}. Ids need no escapes. */
export function encodeAck(id: RequestId, channel: ChannelId, seq: Seq, time: number, isDuplicate: boolean): string {
  const end = isDuplicate ? ',"duplicate":true}' : "}";
  return `{"type":"ack","id":"${id}","channel":"${channel}","seq":${seq},"time":${time}${end}`;
}

const frameFields = {
  welcome: namesOf(serverFrameSchemas.welcome),
  ack: namesOf(serverFrameSchemas.ack),
  error: namesOf(serverFrameSchemas.error),
  gap: namesOf(serverFrameSchemas.gap),
  reset: namesOf(serverFrameSchemas.reset),
  result: namesOf(serverFrameSchemas.result),
  receipt: namesOf(serverFrameSchemas.receipt),
  typing: namesOf(serverFrameSchemas.typing),
  presence: namesOf(serverFrameSchemas.presence),
  reconnect: namesOf(serverFrameSchemas.reconnect),
};
const eventFields = {
  message: namesOf(eventSchemas.message),
  edit: namesOf(eventSchemas.edit),
  delete: namesOf(eventSchemas.delete),
  reaction: namesOf(eventSchemas.reaction),
  member: namesOf(eventSchemas.member),
  created: namesOf(eventSchemas.created),
  noop: namesOf(eventSchemas.noop),
};

function namesOf(schema: { readonly properties: object }): readonly string[] {
  return Object.keys(schema.properties);
}

/** Ids of the contract need no escapes. */
function encodeStart(event: EncodableEvent): string {
  const id = event.id.startsWith("~") ? "" : `,"id":"${event.id}"`;
  return (
    `{"type":"event","channel":"${event.channel}","seq":${event.seq},"kind":"${event.body.kind}"` +
    `,"sender":"${event.sender}","time":${event.time}${id}`
  );
}

/** The fields of a kind, each with its comma in front. */
function encodeBody(body: EncodableBody): string {
  switch (body.kind) {
    case "message":
      return encodeMessage(body);
    case "edit":
      // `text` always stands in an edit; a client that folds by itself will meet the delete further on.
      return body.erased
        ? `,"target":${body.target},"text":"","deleted":true`
        : `,"target":${body.target},"text":${JSON.stringify(body.text ?? "")}`;
    case "delete":
      return `,"target":${body.target}`;
    case "reaction":
      return `,"target":${body.target},"emoji":${JSON.stringify(body.emoji)}${body.remove ? ',"remove":true' : ""}`;
    case "member":
      return (
        `,"user":${JSON.stringify(body.user)},"change":"${body.change}"` +
        (body.role === undefined ? "" : `,"role":"${body.role}"`)
      );
    case "created":
      return (
        `,"channelKind":"${body.channelKind}"` +
        (body.name === undefined ? "" : `,"name":${JSON.stringify(body.name)}`) +
        `,"members":${JSON.stringify(body.members.map(({ user, role }) => ({ user, role })))}`
      );
    case "noop":
      return "";
    default:
      return body satisfies never;
  }
}

function encodeMessage(body: EncodableBody & { kind: "message" }): string {
  let fields = "";
  if (!body.erased && body.text !== undefined) fields += `,"text":${JSON.stringify(body.text)}`;
  if (!body.erased && body.data !== undefined) fields += `,"data":${body.data}`;
  if (body.replyTo !== undefined) fields += `,"replyTo":${body.replyTo}`;
  if (body.mentions !== undefined && body.mentions.length > 0) fields += `,"mentions":${JSON.stringify(body.mentions)}`;
  if (body.erased) fields += ',"deleted":true';
  return fields;
}

/** Emoji in the order of the newest reactions' seqs, users within an emoji too, so that the text is deterministic. */
function encodeReactions(reactions: EncodableOrigin["reactions"]): string {
  const byEmoji = new Map<string, UserId[]>();
  const inOrder = [...(reactions ?? [])].sort((a, b) => a.seq - b.seq);
  for (const { emoji, user, remove } of inOrder) {
    if (remove) continue;
    const users = byEmoji.get(emoji);
    if (users === undefined) byEmoji.set(emoji, [user]);
    else users.push(user);
  }
  if (byEmoji.size === 0) return "";
  const entries = [...byEmoji].map(([emoji, users]) => `${JSON.stringify(emoji)}:${JSON.stringify(users)}`);
  return `,"reactions":{${entries.join(",")}}`;
}
