import Type from "typebox";
import {
  attachmentsField,
  channelField,
  channelKindField,
  channelNameField,
  dataField,
  emojiField,
  type FrameOf,
  mentionsField,
  requestField,
  roleField,
  seqField,
  tag,
  textField,
  timeField,
  trueField,
  userField,
} from "./fields.ts";

/** What every `event` begins with; `kind` stands between `seq` and `sender` on the wire. */
const before = { type: tag("event"), channel: channelField, seq: seqField };
const after = { sender: userField, time: timeField, id: Type.Optional(requestField) };

export const messageEventSchema = Type.Object(
  {
    ...before,
    kind: tag("message"),
    ...after,
    text: Type.Optional(textField),
    data: Type.Optional(dataField),
    replyTo: Type.Optional(seqField),
    mentions: Type.Optional(mentionsField),
    attachments: Type.Optional(attachmentsField),
    editedAt: Type.Optional(timeField),
    deleted: Type.Optional(trueField),
    reactions: Type.Optional(
      Type.Record(Type.String(), Type.Array(userField), {
        description: "an object of emoji and, for each, the users who reacted with it",
      }),
    ),
  },
  { description: "A message. `editedAt`, `deleted` and `reactions` say what became of it (pages of `history`)." },
);

export const editEventSchema = Type.Object(
  {
    ...before,
    kind: tag("edit"),
    ...after,
    target: seqField,
    // Empty only together with `deleted`: what an edit once said goes with the message it changed.
    text: Type.String({ maxLength: 8_000, description: "the new text" }),
    deleted: Type.Optional(trueField),
  },
  { description: "The message at `target` has a new text." },
);

export const deleteEventSchema = Type.Object(
  { ...before, kind: tag("delete"), ...after, target: seqField },
  { description: "The message at `target` is deleted." },
);

export const reactionEventSchema = Type.Object(
  {
    ...before,
    kind: tag("reaction"),
    ...after,
    target: seqField,
    emoji: emojiField,
    remove: Type.Optional(trueField),
  },
  { description: "The sender reacted to the message at `target`, or took the reaction back." },
);

export const memberEventSchema = Type.Object(
  {
    ...before,
    kind: tag("member"),
    ...after,
    user: userField,
    change: Type.Unsafe<"joined" | "left" | "removed" | "role">({
      type: "string",
      enum: ["joined", "left", "removed", "role"],
      description: '"joined", "left", "removed" or "role"',
    }),
    role: Type.Optional(roleField),
  },
  { description: "Somebody's membership changed." },
);

export const createdEventSchema = Type.Object(
  {
    ...before,
    kind: tag("created"),
    ...after,
    channelKind: channelKindField,
    name: Type.Optional(channelNameField),
    members: Type.Array(Type.Object({ user: userField, role: roleField }), {
      description: "the first members and their roles",
    }),
  },
  { description: "The channel begins: always its first event." },
);

export const noopEventSchema = Type.Object(
  { ...before, kind: tag("noop"), ...after },
  { description: "A number used up; show nothing." },
);

/** Every `event`, by `kind`. */
export const eventSchemas = {
  message: messageEventSchema,
  edit: editEventSchema,
  delete: deleteEventSchema,
  reaction: reactionEventSchema,
  member: memberEventSchema,
  created: createdEventSchema,
  noop: noopEventSchema,
} as const;

export type MessageEventFrame = FrameOf<typeof messageEventSchema>;
export type EditEventFrame = FrameOf<typeof editEventSchema>;
export type DeleteEventFrame = FrameOf<typeof deleteEventSchema>;
export type ReactionEventFrame = FrameOf<typeof reactionEventSchema>;
export type MemberEventFrame = FrameOf<typeof memberEventSchema>;
export type CreatedEventFrame = FrameOf<typeof createdEventSchema>;
export type NoopEventFrame = FrameOf<typeof noopEventSchema>;

/** Union on `kind`. */
export type EventFrame =
  | MessageEventFrame
  | EditEventFrame
  | DeleteEventFrame
  | ReactionEventFrame
  | MemberEventFrame
  | CreatedEventFrame
  | NoopEventFrame;

export type EventKind = EventFrame["kind"];
