import Type, { type Static, type TSchema } from "typebox";
import { type ChannelId, type DeviceId, idPattern, type RequestId, type Role, type UserId } from "./ids.ts";

/*
 * The fields that frames are made of. Each has a `description` that completes the sentence "<field>: must be …":
 * it is what the JSON Schema says to people, and what `error` says to the client that got it wrong.
 */

/** A frame's TypeScript type, taken from its schema; frames are never changed in place. */
export type FrameOf<Schema extends TSchema> = DeepReadonly<Static<Schema>>;

export type DeepReadonly<T> = T extends string | number | boolean | null | undefined
  ? T
  : T extends readonly (infer Item)[]
    ? readonly DeepReadonly<Item>[]
    : T extends object
      ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> }
      : T;

/** Limits of the contract. Characters are Unicode code points; bytes are those of UTF-8. */
export const limits = {
  textCharactersMax: 8_000,
  /** Four bytes a code point is the most that UTF-8 takes, so this bound follows from the one above. */
  textBytesMax: 32_000,
  dataBytesMax: 8 * 1024,
  /** Levels of objects and arrays, the `data` object itself counted. */
  dataDepthMax: 6,
  /** Levels of objects and arrays in a client's frame, the frame itself counted. */
  frameDepthMax: 8,
  frameBytesMax: 64 * 1024,
  mentionsMax: 50,
  attachmentsMax: 10,
  emojiCharactersMax: 32,
  channelNameCharactersMax: 120,
  historyMax: 200,
  historyDefault: 50,
  channelsMax: 500,
  watchedUsersMax: 200,
  welcomeChannelsMax: 200,
  tokenCharactersMax: 16_384,
} as const;

const idWords = "1 to 64 characters of A-Z, a-z, 0-9, _ and -";

// Controls, bidi controls, line separators and zero-width characters let one name pose as another, or break a log
// line or a terminal. ZWJ and ZWNJ stay: emoji, Persian and the scripts of India need them.
const plainText =
  "^[^\\u0000-\\u001F\\u007F-\\u009F\\u061C\\u200B\\u200E\\u200F\\u2028-\\u202E\\u2060\\u2066-\\u2069\\uFEFF]*$";

/** `type` of a frame, or another field that is one fixed string. */
export function tag<const Value extends string>(value: Value) {
  return Type.Literal(value, { description: `"${value}"` });
}

export const channelField = Type.Unsafe<ChannelId>(
  Type.String({ pattern: idPattern, description: `a channel id: ${idWords}` }),
);
export const userField = Type.Unsafe<UserId>(Type.String({ pattern: idPattern, description: `a user id: ${idWords}` }));
export const requestField = Type.Unsafe<RequestId>(Type.String({ pattern: idPattern, description: idWords }));
export const deviceField = Type.Unsafe<DeviceId>(Type.String({ pattern: idPattern, description: idWords }));
export const prevField = Type.Unsafe<RequestId>(
  Type.String({
    pattern: idPattern,
    description: `the id of this device's previous request in this channel: ${idWords}`,
  }),
);

export const seqField = Type.Integer({
  minimum: 1,
  maximum: Number.MAX_SAFE_INTEGER,
  description: "a whole number from 1",
});
/** A seq, or 0 for "before the first". */
export const cursorField = Type.Integer({
  minimum: 0,
  maximum: Number.MAX_SAFE_INTEGER,
  description: "a whole number from 1, or 0 for the time before the first event",
});
export const countField = Type.Integer({
  minimum: 0,
  maximum: Number.MAX_SAFE_INTEGER,
  description: "a whole number from 0",
});
export const timeField = Type.Integer({
  minimum: 0,
  maximum: Number.MAX_SAFE_INTEGER,
  description: "milliseconds since 1970",
});
export const durationField = Type.Integer({
  minimum: 0,
  maximum: Number.MAX_SAFE_INTEGER,
  description: "a number of milliseconds",
});
export const trueField = Type.Literal(true, { description: "true, or left out" });

export const textField = Type.String({
  minLength: 1,
  maxLength: limits.textCharactersMax,
  pattern: "^[^\\u0000]*$",
  description: "1 to 8,000 characters, none of them NUL",
});
/** Byte and depth bounds can't be said in JSON Schema: `data-json.ts` holds them. */
export const dataField = Type.Unsafe<{ [key: string]: unknown }>({
  type: "object",
  description: "a JSON object of at most 8,192 bytes and 6 levels",
});
export const mentionsField = Type.Array(userField, {
  maxItems: limits.mentionsMax,
  description: "a list of at most 50 user ids",
});
export const attachmentsField = Type.Array(
  Type.String({ pattern: idPattern, description: `an attachment id: ${idWords}` }),
  {
    maxItems: limits.attachmentsMax,
    description: "a list of at most 10 attachment ids",
  },
);
export const emojiField = Type.String({
  minLength: 1,
  maxLength: limits.emojiCharactersMax,
  pattern: plainText,
  description: "1 to 32 characters, without control, bidi or zero-width characters (joiners are welcome)",
});
export const channelNameField = Type.String({
  minLength: 1,
  maxLength: limits.channelNameCharactersMax,
  pattern: plainText,
  description: "1 to 120 characters, without control, bidi or zero-width characters (joiners are welcome)",
});
export const channelKindField = Type.Unsafe<"direct" | "group">({
  type: "string",
  enum: ["direct", "group"],
  description: '"direct" or "group"',
});
export const roleField = Type.Unsafe<Role>({
  type: "string",
  enum: ["owner", "moderator", "member", "reader"],
  description: '"owner", "moderator", "member" or "reader"',
});
/** RFC 7519 tokens are ASCII; the bound keeps a megabyte of junk away from the verifier. */
export const tokenField = Type.String({
  minLength: 1,
  maxLength: limits.tokenCharactersMax,
  description: "a token: 1 to 16,384 characters",
});
export const pageCursorField = Type.String({
  minLength: 1,
  maxLength: 512,
  pattern: "^[\\x21-\\x7E]*$",
  description: "a cursor as an earlier answer gave it",
});
