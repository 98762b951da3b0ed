import type { Fields } from "../history/content.ts";

export interface BadFrame {
  readonly frame: Fields;
  /** The one that the answer must name. */
  readonly field: string;
  /** Default `bad_frame`. */
  readonly code?: string;
}

/** How one field may go wrong. */
interface FieldRule {
  readonly isRequired: boolean;
  readonly wrong: readonly unknown[];
  readonly code?: string;
  /** Values that are too long or too large, where they have a code of their own. */
  readonly tooLarge?: readonly unknown[];
}

const long = (length: number): string => "x".repeat(length);
const notTexts = [5, true, null, [], {}, ""] as const;
const notIds = [...notTexts, long(65), "a b", "ä", "../x", "a:b", "a*", "a\r\nb", { $gt: "" }] as const;
const notSeqs = ["5", 0, -1, 1.5, 2 ** 53, null, [], {}, true] as const;

const id: FieldRule = { isRequired: true, wrong: notIds };
const optionalId: FieldRule = { isRequired: false, wrong: notIds };
const seq: FieldRule = { isRequired: true, wrong: notSeqs };
const optionalSeq: FieldRule = { isRequired: false, wrong: notSeqs };
const text: FieldRule = { isRequired: true, wrong: [...notTexts, "a\u0000b"], tooLarge: [long(8_001)] };
const users = (most: number | undefined, isRequired: boolean): FieldRule => ({
  isRequired,
  wrong: [
    "ada",
    {},
    null,
    5,
    [5],
    [long(65)],
    [{ $ne: null }],
    ...(most === undefined ? [] : [Array.from({ length: most + 1 }, (_, index) => `u${index}`)]),
  ],
});
const token: FieldRule = { isRequired: true, wrong: [5, null, {}, "", long(16_385)] };

const nested = (depth: number): unknown => (depth === 0 ? 1 : { a: nested(depth - 1) });
const data: FieldRule = {
  isRequired: false,
  wrong: ["x", 5, null, [], nested(7)],
  tooLarge: [{ a: long(8_200) }],
};
const prev = optionalId;

/** Every frame that a client may send, with every field of the contract and what it must not be. */
const rules: Readonly<Record<string, Readonly<Record<string, FieldRule>>>> = {
  hello: {
    token,
    device: id,
    protocol: { isRequired: true, wrong: [2, "1", null, {}] },
    cursors: { isRequired: false, wrong: [[], "x", { room: -1 }, { room: "5" }, { "a b": 1 }] },
  },
  send: {
    id,
    channel: id,
    text: { ...text, isRequired: false },
    data,
    replyTo: optionalSeq,
    mentions: users(50, false),
    attachments: { isRequired: false, wrong: [["a1"], "a1", {}] },
    prev,
  },
  edit: { id, channel: id, target: seq, text, prev },
  delete: { id, channel: id, target: seq, prev },
  react: {
    id,
    channel: id,
    target: seq,
    emoji: { isRequired: true, wrong: [...notTexts, long(33), "a\u202Eb"] },
    remove: { isRequired: false, wrong: [false, "true", 1] },
    prev,
  },
  read: { channel: id, seq },
  typing: { channel: id },
  history: {
    id,
    channel: id,
    before: optionalSeq,
    after: { isRequired: false, wrong: ["5", -1, 1.5, null, {}] },
    limit: { isRequired: false, wrong: [0, -1, 201, 1e9, "50", 1.5] },
  },
  "channel.create": {
    id,
    kind: { isRequired: true, wrong: ["room", 5, null, {}] },
    members: users(undefined, true),
    name: { isRequired: false, wrong: [...notTexts, long(121), "a\u202Eb"] },
  },
  "channel.invite": { id, channel: id, user: id },
  "channel.remove": { id, channel: id, user: id },
  "channel.leave": { id, channel: id },
  "channel.role": { id, channel: id, user: id, role: { isRequired: true, wrong: ["king", 5, null, {}] } },
  channels: {
    id,
    cursor: { isRequired: false, wrong: [5, "", {}, long(513)] },
    limit: { isRequired: false, wrong: [0, 501, "5"] },
  },
  "presence.watch": { id, users: users(200, true) },
  "presence.unwatch": { id, users: users(200, true) },
  refresh: { id, token },
};

/** One good frame of each type. */
export function goodFrames(channel: string): Readonly<Record<string, Fields>> {
  const base = { id: "good", channel };
  return {
    hello: { type: "hello", token: "t", device: "test", protocol: 1 },
    send: { type: "send", ...base, text: "hello" },
    edit: { type: "edit", ...base, target: 2, text: "hello" },
    delete: { type: "delete", ...base, target: 2 },
    react: { type: "react", ...base, target: 2, emoji: "👍" },
    read: { type: "read", channel, seq: 1 },
    typing: { type: "typing", channel },
    history: { type: "history", ...base },
    "channel.create": { type: "channel.create", id: "good", kind: "group", members: ["ada"] },
    "channel.invite": { type: "channel.invite", ...base, user: "ada" },
    "channel.remove": { type: "channel.remove", ...base, user: "ada" },
    "channel.leave": { type: "channel.leave", ...base },
    "channel.role": { type: "channel.role", ...base, user: "ada", role: "member" },
    channels: { type: "channels", id: "good" },
    "presence.watch": { type: "presence.watch", id: "good", users: ["ada"] },
    "presence.unwatch": { type: "presence.unwatch", id: "good", users: ["ada"] },
    refresh: { type: "refresh", id: "good", token: "t" },
  };
}

/** Every way in which a frame of this type goes wrong by one field. */
export function badFrames(type: string, channel: string): readonly BadFrame[] {
  const good = goodFrames(channel)[type] ?? {};
  const bad: BadFrame[] = [];
  for (const [field, rule] of Object.entries(rules[type] ?? {})) {
    const { [field]: _, ...without } = good;
    if (rule.isRequired) bad.push({ frame: without, field });
    for (const value of rule.wrong) bad.push({ frame: { ...good, [field]: value }, field });
    for (const value of rule.tooLarge ?? []) bad.push({ frame: { ...good, [field]: value }, field, code: "too_large" });
  }
  if (type === "send") bad.push({ frame: { type, id: "good", channel }, field: "text" });
  if (type === "history") bad.push({ frame: { ...good, before: 2, after: 1 }, field: "before" });
  return bad;
}
