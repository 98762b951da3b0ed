import Type from "typebox";
import {
  attachmentsField,
  channelField,
  channelKindField,
  channelNameField,
  cursorField,
  dataField,
  deviceField,
  emojiField,
  type FrameOf,
  limits,
  mentionsField,
  prevField,
  requestField,
  roleField,
  seqField,
  tag,
  textField,
  tokenField,
  userField,
} from "./fields.ts";
import { idPattern } from "./ids.ts";

export const helloSchema = Type.Object(
  {
    type: tag("hello"),
    token: tokenField,
    device: deviceField,
    protocol: Type.Literal(1, { description: "1" }),
    cursors: Type.Optional(
      Type.Record(Type.String({ pattern: idPattern }), cursorField, {
        additionalProperties: false,
        description: "an object of channel ids and, for each, the last seq that was received",
      }),
    ),
  },
  { description: "The first frame on a socket; nothing else is accepted before `welcome`." },
);

export const sendSchema = Type.Object(
  {
    type: tag("send"),
    id: requestField,
    channel: channelField,
    text: Type.Optional(textField),
    data: Type.Optional(dataField),
    replyTo: Type.Optional(seqField),
    mentions: Type.Optional(mentionsField),
    attachments: Type.Optional(attachmentsField),
    prev: Type.Optional(prevField),
  },
  {
    anyOf: [{ required: ["text"] }, { required: ["data"] }],
    description: "A message: text, an object of the application's own, or both.",
  },
);

export const editSchema = Type.Object(
  {
    type: tag("edit"),
    id: requestField,
    channel: channelField,
    target: seqField,
    text: textField,
    prev: Type.Optional(prevField),
  },
  { description: "Replaces the text of one's own message." },
);

export const deleteSchema = Type.Object(
  { type: tag("delete"), id: requestField, channel: channelField, target: seqField, prev: Type.Optional(prevField) },
  { description: "Deletes a message for everyone; its text and data are erased for real." },
);

export const reactSchema = Type.Object(
  {
    type: tag("react"),
    id: requestField,
    channel: channelField,
    target: seqField,
    emoji: emojiField,
    remove: Type.Optional(Type.Literal(true, { description: "true, or left out" })),
    prev: Type.Optional(prevField),
  },
  { description: "Adds one's reaction to a message, or takes it back." },
);

export const readSchema = Type.Object(
  { type: tag("read"), channel: channelField, seq: seqField },
  { description: "Everything up to `seq` was read; members get `receipt`. No answer." },
);

export const typingSchema = Type.Object(
  { type: tag("typing"), channel: channelField },
  { description: "The user is typing; members get `typing`. No answer." },
);

export const historySchema = Type.Object(
  {
    type: tag("history"),
    id: requestField,
    channel: channelField,
    before: Type.Optional(seqField),
    after: Type.Optional(cursorField),
    limit: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: limits.historyMax,
        default: limits.historyDefault,
        description: "a whole number from 1 to 200",
      }),
    ),
  },
  {
    not: { required: ["before", "after"] },
    description: "A page of the log, folded: below `before`, above `after`, or the newest. Never both bounds.",
  },
);

export const channelCreateSchema = Type.Object(
  {
    type: tag("channel.create"),
    id: requestField,
    kind: channelKindField,
    members: Type.Array(userField, { description: "a list of user ids" }),
    name: Type.Optional(channelNameField),
  },
  { description: "Makes a channel; `direct` always gives the same channel for the same two users." },
);

export const channelInviteSchema = Type.Object(
  { type: tag("channel.invite"), id: requestField, channel: channelField, user: userField },
  { description: "Makes somebody a member." },
);

export const channelRemoveSchema = Type.Object(
  { type: tag("channel.remove"), id: requestField, channel: channelField, user: userField },
  { description: "Ends somebody's membership." },
);

export const channelLeaveSchema = Type.Object(
  { type: tag("channel.leave"), id: requestField, channel: channelField },
  { description: "Ends one's own membership." },
);

export const channelRoleSchema = Type.Object(
  { type: tag("channel.role"), id: requestField, channel: channelField, user: userField, role: roleField },
  { description: "Gives a member another role." },
);

export const channelsSchema = Type.Object(
  {
    type: tag("channels"),
    id: requestField,
    cursor: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 512,
        pattern: "^[\\x21-\\x7E]*$",
        description: "the cursor of an earlier answer: 1 to 512 characters",
      }),
    ),
    limit: Type.Optional(
      Type.Integer({ minimum: 1, maximum: limits.channelsMax, description: "a whole number from 1 to 500" }),
    ),
  },
  { description: "One's channels, most recently active first." },
);

const watchedUsers = Type.Array(userField, {
  maxItems: limits.watchedUsersMax,
  description: "a list of at most 200 user ids",
});

export const presenceWatchSchema = Type.Object(
  { type: tag("presence.watch"), id: requestField, users: watchedUsers },
  { description: "Asks for `presence` frames of these users." },
);

export const presenceUnwatchSchema = Type.Object(
  { type: tag("presence.unwatch"), id: requestField, users: watchedUsers },
  { description: "Ends the `presence` frames of these users." },
);

export const refreshSchema = Type.Object(
  { type: tag("refresh"), id: requestField, token: tokenField },
  { description: "Gives the session a newer token of the same user." },
);

/** Every frame that a client may send, by `type`. */
export const clientFrameSchemas = {
  hello: helloSchema,
  send: sendSchema,
  edit: editSchema,
  delete: deleteSchema,
  react: reactSchema,
  read: readSchema,
  typing: typingSchema,
  history: historySchema,
  "channel.create": channelCreateSchema,
  "channel.invite": channelInviteSchema,
  "channel.remove": channelRemoveSchema,
  "channel.leave": channelLeaveSchema,
  "channel.role": channelRoleSchema,
  channels: channelsSchema,
  "presence.watch": presenceWatchSchema,
  "presence.unwatch": presenceUnwatchSchema,
  refresh: refreshSchema,
} as const;

export type HelloFrame = FrameOf<typeof helloSchema>;
/** `dataJson` is not on the wire: it is `data` serialised once by the parser, and what is stored and hashed. */
export type SendFrame = FrameOf<typeof sendSchema> & { readonly dataJson?: string };
export type EditFrame = FrameOf<typeof editSchema>;
export type DeleteFrame = FrameOf<typeof deleteSchema>;
export type ReactFrame = FrameOf<typeof reactSchema>;
export type ReadFrame = FrameOf<typeof readSchema>;
export type TypingFrame = FrameOf<typeof typingSchema>;
export type HistoryFrame = FrameOf<typeof historySchema>;
export type ChannelCreateFrame = FrameOf<typeof channelCreateSchema>;
export type ChannelInviteFrame = FrameOf<typeof channelInviteSchema>;
export type ChannelRemoveFrame = FrameOf<typeof channelRemoveSchema>;
export type ChannelLeaveFrame = FrameOf<typeof channelLeaveSchema>;
export type ChannelRoleFrame = FrameOf<typeof channelRoleSchema>;
export type ChannelsFrame = FrameOf<typeof channelsSchema>;
export type PresenceWatchFrame = FrameOf<typeof presenceWatchSchema>;
export type PresenceUnwatchFrame = FrameOf<typeof presenceUnwatchSchema>;
export type RefreshFrame = FrameOf<typeof refreshSchema>;

export type ClientFrame =
  | HelloFrame
  | SendFrame
  | EditFrame
  | DeleteFrame
  | ReactFrame
  | ReadFrame
  | TypingFrame
  | HistoryFrame
  | ChannelCreateFrame
  | ChannelInviteFrame
  | ChannelRemoveFrame
  | ChannelLeaveFrame
  | ChannelRoleFrame
  | ChannelsFrame
  | PresenceWatchFrame
  | PresenceUnwatchFrame
  | RefreshFrame;

export type ClientFrameType = ClientFrame["type"];
