import type { ClientFrame, ClientFrameType } from "./client-frames.ts";
import type { EventFrame, EventKind } from "./event-frames.ts";
import type { ServerFrame } from "./server-frames.ts";

/*
 * One frame and more of every kind, for the AsyncAPI document and for whoever writes a client. Tests hold them against
 * the schemas.
 */

type ClientExamples = { readonly [Type in ClientFrameType]: readonly (ClientFrame & { type: Type })[] };
type ServerExamples = {
  readonly [Type in Exclude<ServerFrame["type"], "event">]: readonly (ServerFrame & { type: Type })[];
};
type EventExamples = { readonly [Kind in EventKind]: readonly (EventFrame & { kind: Kind })[] };

const channel = "c-9f3k2";
const id = "phone1-0007";
const time = 1_795_514_400_000;

export const clientExamples: ClientExamples = {
  hello: [
    { type: "hello", token: "eyJhbGciOi.eyJzdWIi.c2lnbmF0", device: "phone1", protocol: 1 },
    { type: "hello", token: "eyJhbGciOi.eyJzdWIi.c2lnbmF0", device: "phone1", protocol: 1, cursors: { [channel]: 41 } },
  ],
  send: [
    { type: "send", id, channel, text: "Tea at four?" },
    {
      type: "send",
      id,
      channel,
      text: "Which one?",
      data: { poll: { options: ["green", "black"], closes: time } },
      replyTo: 40,
      mentions: ["ada", "grace"],
      prev: "phone1-0006",
    },
  ],
  edit: [{ type: "edit", id, channel, target: 42, text: "Tea at five?", prev: "phone1-0006" }],
  delete: [{ type: "delete", id, channel, target: 42 }],
  react: [
    { type: "react", id, channel, target: 42, emoji: "👍" },
    { type: "react", id, channel, target: 42, emoji: "👍", remove: true },
  ],
  read: [{ type: "read", channel, seq: 42 }],
  typing: [{ type: "typing", channel }],
  history: [
    { type: "history", id, channel },
    { type: "history", id, channel, before: 42, limit: 100 },
    { type: "history", id, channel, after: 0, limit: 200 },
  ],
  "channel.create": [
    { type: "channel.create", id, kind: "group", members: ["ada", "grace"], name: "Tea" },
    { type: "channel.create", id, kind: "direct", members: ["ada"] },
  ],
  "channel.invite": [{ type: "channel.invite", id, channel, user: "alan" }],
  "channel.remove": [{ type: "channel.remove", id, channel, user: "alan" }],
  "channel.leave": [{ type: "channel.leave", id, channel }],
  "channel.role": [{ type: "channel.role", id, channel, user: "grace", role: "moderator" }],
  channels: [
    { type: "channels", id },
    { type: "channels", id, cursor: "MTc5NQ", limit: 500 },
  ],
  "presence.watch": [{ type: "presence.watch", id, users: ["ada", "grace"] }],
  "presence.unwatch": [{ type: "presence.unwatch", id, users: ["ada"] }],
  refresh: [{ type: "refresh", id, token: "eyJhbGciOi.eyJzdWIi.bmV3ZXI" }],
};

export const eventExamples: EventExamples = {
  message: [
    { type: "event", channel, seq: 42, kind: "message", sender: "ada", time, id, text: "Tea at four?" },
    {
      type: "event",
      channel,
      seq: 42,
      kind: "message",
      sender: "ada",
      time,
      id,
      text: "Tea at five?",
      data: { mood: "thirsty" },
      replyTo: 40,
      mentions: ["grace"],
      editedAt: time + 9_000,
      reactions: { "👍": ["grace", "alan"] },
    },
    { type: "event", channel, seq: 43, kind: "message", sender: "ada", time, id, deleted: true },
  ],
  edit: [{ type: "event", channel, seq: 44, kind: "edit", sender: "ada", time, id, target: 42, text: "Tea at five?" }],
  delete: [{ type: "event", channel, seq: 45, kind: "delete", sender: "ada", time, id, target: 43 }],
  reaction: [
    { type: "event", channel, seq: 46, kind: "reaction", sender: "grace", time, id, target: 42, emoji: "👍" },
    {
      type: "event",
      channel,
      seq: 47,
      kind: "reaction",
      sender: "grace",
      time,
      id,
      target: 42,
      emoji: "👍",
      remove: true,
    },
  ],
  member: [
    { type: "event", channel, seq: 48, kind: "member", sender: "ada", time, id, user: "alan", change: "joined" },
    {
      type: "event",
      channel,
      seq: 49,
      kind: "member",
      sender: "ada",
      time,
      id,
      user: "alan",
      change: "role",
      role: "reader",
    },
  ],
  created: [
    {
      type: "event",
      channel,
      seq: 1,
      kind: "created",
      sender: "ada",
      time,
      id,
      channelKind: "group",
      name: "Tea",
      members: [
        { user: "ada", role: "owner" },
        { user: "grace", role: "member" },
      ],
    },
  ],
  noop: [{ type: "event", channel, seq: 50, kind: "noop", sender: "parley", time }],
};

const entry = { channel, kind: "group", name: "Tea", role: "owner", head: 50, read: 47, unread: 1 } as const;

export const serverExamples: ServerExamples = {
  welcome: [
    { type: "welcome", session: "s-5b1c", user: "ada", time, heartbeatMs: 25_000, channels: [entry] },
    { type: "welcome", session: "s-5b1c", user: "ada", time, heartbeatMs: 25_000, channels: [entry], more: true },
  ],
  ack: [
    { type: "ack", id, channel, seq: 42, time },
    { type: "ack", id, channel, seq: 42, time, duplicate: true },
  ],
  error: [
    {
      type: "error",
      id,
      code: "bad_frame",
      message: "target: is missing; must be a whole number from 1",
      retryable: false,
    },
    {
      type: "error",
      id,
      code: "unavailable",
      message: "the store can't be reached just now",
      retryable: true,
      retryAfterMs: 500,
      unknown: true,
    },
  ],
  gap: [{ type: "gap", channel, from: 42, to: 900 }],
  reset: [{ type: "reset", channel, head: 30 }],
  result: [
    { type: "result", id, events: [...eventExamples.message, ...eventExamples.edit], complete: true },
    { type: "result", id, channel },
    { type: "result", id, channels: [entry], cursor: "MTc5NQ" },
    { type: "result", id, users: ["ada", "grace"] },
    { type: "result", id },
  ],
  receipt: [{ type: "receipt", channel, user: "grace", read: 42 }],
  typing: [{ type: "typing", channel, user: "grace" }],
  presence: [
    { type: "presence", user: "grace", status: "online" },
    { type: "presence", user: "grace", status: "offline", lastSeen: time },
  ],
  reconnect: [{ type: "reconnect", afterMs: 2_300, reason: "drain" }],
};
