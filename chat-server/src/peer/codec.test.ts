import { pack } from "msgpackr";
import { expect, test } from "vitest";
import { packMessage, unpackMessage } from "./codec.ts";
import type { PeerMessage } from "./messages.ts";

const request = { channel: "room", sender: "ada", id: "r1", hash: "h", wish: { kind: "message", text: "hi" } } as const;
const event = { channel: "room", seq: 7, sender: "ada", id: "r1", hash: "h", time: 3, ordinal: 5, body: undefined };

const messages: readonly PeerMessage[] = [
  { type: "append", call: 2 ** 40, request },
  { type: "append", call: 1, request: { ...request, prev: "r0" } },
  { type: "answer", call: 1, answer: { ok: true, seq: 7, time: 3, isDuplicate: false } },
  {
    type: "answer",
    call: 1,
    answer: { ok: false, code: "unavailable", message: "store", retryAfterMs: 5, isUnknown: true },
  },
  {
    type: "events",
    channel: "room",
    events: [
      { ...event, payload: Buffer.from("{}") },
      { ...event, seq: 8, body: { kind: "member", user: "bo", change: "joined" }, payload: Buffer.from("{}") },
    ],
  },
  { type: "pending", call: 3 },
  { type: "heads", heads: [["room", 8]] },
  { type: "cast", channel: "room", isFromHome: true, from: "ada", payload: Buffer.from("{}") },
];

test.each(messages.map((message) => [message.type, message]))("%s is what it was after the way", (_type, message) => {
  expect(unpackMessage(packMessage(message))).toEqual(message);
});

test.each([[[]], [[9, 1]], [[3, "room", [7]]], [[3, "room"]]])("%j is no message", (packed) => {
  expect(() => unpackMessage(Buffer.from(pack(packed)))).toThrow();
});
