import Type, { type TSchema } from "typebox";
import { type ErrorCode, errorCodes } from "./errors.ts";
import { type EventFrame, eventSchemas } from "./event-frames.ts";
import {
  channelField,
  channelKindField,
  channelNameField,
  countField,
  cursorField,
  durationField,
  type FrameOf,
  limits,
  pageCursorField,
  requestField,
  roleField,
  seqField,
  tag,
  timeField,
  trueField,
  userField,
} from "./fields.ts";

const channelEntrySchema = Type.Object(
  {
    channel: channelField,
    kind: channelKindField,
    name: Type.Optional(channelNameField),
    role: roleField,
    head: cursorField,
    read: cursorField,
    unread: countField,
  },
  {
    description: "one of the user's channels: its newest seq, the user's read mark, and how many messages lie between",
  },
);

export const welcomeSchema = Type.Object(
  {
    type: tag("welcome"),
    session: Type.String({ minLength: 1, maxLength: 128, description: "names this session in the server's logs" }),
    user: userField,
    time: timeField,
    heartbeatMs: durationField,
    channels: Type.Array(channelEntrySchema, {
      maxItems: limits.welcomeChannelsMax,
      description: "the 200 most recently active channels",
    }),
    more: Type.Optional(trueField),
  },
  { description: "The session stands. `more`: there are more channels than these; page through `channels`." },
);

export const ackSchema = Type.Object(
  {
    type: tag("ack"),
    id: requestField,
    channel: channelField,
    seq: seqField,
    time: timeField,
    duplicate: Type.Optional(trueField),
  },
  { description: "The event is durable and has its final `seq`. `duplicate`: it was in before." },
);

export const errorSchema = Type.Object(
  {
    type: tag("error"),
    id: Type.Optional(requestField),
    code: Type.Unsafe<ErrorCode>({
      type: "string",
      enum: Object.keys(errorCodes),
      description: "one of the registered codes",
    }),
    message: Type.String({ description: "for people; names the field at fault" }),
    retryable: Type.Boolean({ description: "whether the same request, sent again, may succeed" }),
    retryAfterMs: Type.Optional(durationField),
    unknown: Type.Optional(trueField),
  },
  { description: "This attempt was refused. `unknown`: another copy of this id may still get in." },
);

export const gapSchema = Type.Object(
  { type: tag("gap"), channel: channelField, from: seqField, to: seqField },
  { description: "Events from..to (inclusive) will not be pushed; fetch them with `history`." },
);

export const resetSchema = Type.Object(
  { type: tag("reset"), channel: channelField, head: cursorField },
  { description: "The cursor was ahead of the log: drop what you have of this channel and read again." },
);

export const resultSchema = Type.Object(
  {
    type: tag("result"),
    id: requestField,
    events: Type.Optional(
      Type.Unsafe<EventFrame[]>({
        type: "array",
        items: { anyOf: Object.values<TSchema>(eventSchemas) },
        description: "`history`: events in ascending seq, folded",
      }),
    ),
    complete: Type.Optional(
      Type.Boolean({ description: "`history`: nothing more lies in the direction that was asked for" }),
    ),
    channel: Type.Optional(channelField),
    channels: Type.Optional(
      Type.Array(channelEntrySchema, { maxItems: limits.channelsMax, description: "`channels`: one page" }),
    ),
    cursor: Type.Optional(pageCursorField),
    users: Type.Optional(
      Type.Array(userField, { description: "`presence.watch` and `.unwatch`: the users that are watched now" }),
    ),
  },
  { description: "The answer to `history`, `channel.create`, `channels`, `presence.*` and `refresh`." },
);

export const receiptSchema = Type.Object(
  {
    type: tag("receipt"),
    channel: channelField,
    user: userField,
    read: Type.Optional(seqField),
    delivered: Type.Optional(seqField),
  },
  { description: "Best effort; never moves backwards." },
);

export const typingNoticeSchema = Type.Object(
  { type: tag("typing"), channel: channelField, user: userField },
  { description: "Somebody is typing. Best effort." },
);

export const presenceSchema = Type.Object(
  {
    type: tag("presence"),
    user: userField,
    status: Type.Unsafe<"online" | "offline">({
      type: "string",
      enum: ["online", "offline"],
      description: '"online" or "offline"',
    }),
    lastSeen: Type.Optional(timeField),
  },
  { description: "Best effort." },
);

export const reconnectSchema = Type.Object(
  {
    type: tag("reconnect"),
    afterMs: durationField,
    reason: Type.Unsafe<"drain" | "overload">({
      type: "string",
      enum: ["drain", "overload"],
      description: '"drain" or "overload"',
    }),
  },
  { description: "The socket ends soon; come back after that long." },
);

/** Every frame that a server sends beside `event`, by `type`. */
export const serverFrameSchemas = {
  welcome: welcomeSchema,
  ack: ackSchema,
  error: errorSchema,
  gap: gapSchema,
  reset: resetSchema,
  result: resultSchema,
  receipt: receiptSchema,
  typing: typingNoticeSchema,
  presence: presenceSchema,
  reconnect: reconnectSchema,
} as const;

export type ChannelEntry = FrameOf<typeof channelEntrySchema>;
export type WelcomeFrame = FrameOf<typeof welcomeSchema>;
export type AckFrame = FrameOf<typeof ackSchema>;
export type ErrorFrame = FrameOf<typeof errorSchema>;
export type GapFrame = FrameOf<typeof gapSchema>;
export type ResetFrame = FrameOf<typeof resetSchema>;
/** Which of the optional fields are there follows from the request that `id` names. */
export type ResultFrame = FrameOf<typeof resultSchema>;
export type ReceiptFrame = FrameOf<typeof receiptSchema>;
export type TypingNotice = FrameOf<typeof typingNoticeSchema>;
export type PresenceFrame = FrameOf<typeof presenceSchema>;
export type ReconnectFrame = FrameOf<typeof reconnectSchema>;

export type ServerFrame =
  | WelcomeFrame
  | AckFrame
  | ErrorFrame
  | EventFrame
  | GapFrame
  | ResetFrame
  | ResultFrame
  | ReceiptFrame
  | TypingNotice
  | PresenceFrame
  | ReconnectFrame;

export type ServerFrameType = ServerFrame["type"];
