import { describe, expect, test } from "vitest";
import {
  type EncodableBody,
  type EncodableEvent,
  encodeEvent,
  encodeFoldedEvent,
  encodeHistoryResult,
  encodeServerFrame,
} from "./encode.ts";
import { mustBeServerFrame } from "./testing.ts";

const time = 1_795_514_400_000;
const event = (body: EncodableBody, id = "i-1"): EncodableEvent => {
  return { channel: "c", seq: 7, sender: "ada", id, time, body };
};
const start = (kind: string, id = ',"id":"i-1"') =>
  `{"type":"event","channel":"c","seq":7,"kind":"${kind}","sender":"ada","time":${time}${id}`;

describe("an event is the same bytes wherever it is encoded", () => {
  test.each<[string, EncodableBody, string]>([
    ["text", { kind: "message", text: 'tea "now"\n👍' }, ',"text":"tea \\"now\\"\\n👍"}'],
    ["data", { kind: "message", data: '{"b":2,"a":1.0,"b":3}' }, ',"data":{"b":2,"a":1.0,"b":3}}'],
    [
      "every field",
      { mentions: ["u", "v"], replyTo: 3, data: "{}", text: "x", kind: "message" },
      ',"text":"x","data":{},"replyTo":3,"mentions":["u","v"]}',
    ],
    ["no mentions", { kind: "message", text: "x", mentions: [] }, ',"text":"x"}'],
    ["erased", { kind: "message", replyTo: 3, erased: true }, ',"replyTo":3,"deleted":true}'],
    ["erased in part", { kind: "message", text: "x", data: "{}", erased: true }, ',"deleted":true}'],
    ["edit", { kind: "edit", target: 3, text: "y" }, ',"target":3,"text":"y"}'],
    ["erased edit", { kind: "edit", target: 3, erased: true }, ',"target":3,"text":"","deleted":true}'],
    ["delete", { kind: "delete", target: 3 }, ',"target":3}'],
    ["reaction", { kind: "reaction", target: 3, emoji: "👍" }, ',"target":3,"emoji":"👍"}'],
    [
      "taken back",
      { kind: "reaction", target: 3, emoji: "👍", remove: true },
      ',"target":3,"emoji":"👍","remove":true}',
    ],
    ["joined", { kind: "member", user: "u", change: "joined" }, ',"user":"u","change":"joined"}'],
    [
      "role",
      { kind: "member", user: "u", change: "role", role: "reader" },
      ',"user":"u","change":"role","role":"reader"}',
    ],
    [
      "created",
      { kind: "created", channelKind: "group", name: "Tea", members: [{ role: "owner", user: "ada" }] },
      ',"channelKind":"group","name":"Tea","members":[{"user":"ada","role":"owner"}]}',
    ],
    ["direct", { kind: "created", channelKind: "direct", members: [] }, ',"channelKind":"direct","members":[]}'],
    ["noop", { kind: "noop" }, "}"],
  ])("%s", (_, body, end) => {
    const json = encodeEvent(event(body));
    expect(json).toBe(start(body.kind) + end);
    const frame = mustBeServerFrame(json);
    expect(frame).toEqual(JSON.parse(json));
    if (!json.includes("1.0")) expect(encodeServerFrame(frame)).toBe(json);
  });

  test("ids of the server's own making are not shown", () => {
    expect(encodeEvent(event({ kind: "noop" }, "~n-7"))).toBe(`${start("noop", "")}}`);
  });

  test("the order of the fields that came in means nothing", () => {
    const { channel, seq, sender, id, time: at, body } = event({ kind: "message", text: "x" });
    expect(encodeEvent({ body, time: at, id, sender, seq, channel })).toBe(`${start("message")},"text":"x"}`);
  });
});

describe("a page of history shows what became of a message", () => {
  const message = event({ kind: "message", text: "old", data: '{"a":1}' });
  const edit = { seq: 9, text: "new", time: time + 5 };

  test("without an origin it is the event itself", () => {
    expect(encodeFoldedEvent(message, undefined)).toBe(encodeEvent(message));
    expect(encodeFoldedEvent(message, {})).toBe(encodeEvent(message));
  });

  test("an edit replaces the text, leaves the data, and tells when", () => {
    expect(encodeFoldedEvent(message, { edit })).toBe(
      `${start("message")},"text":"new","data":{"a":1},"editedAt":${time + 5}}`,
    );
  });

  test("a deleted message says nothing but that, whatever else is known of it", () => {
    const reactions = [{ user: "u", emoji: "👍", seq: 8, remove: false }];
    const deleted = `${start("message")},"deleted":true}`;
    expect(encodeFoldedEvent(message, { edit, deleted: 10, reactions })).toBe(deleted);
    expect(encodeFoldedEvent(event({ kind: "message", erased: true }), { edit })).toBe(deleted);
  });

  test("reactions are grouped by emoji in the order of their seqs, without those taken back", () => {
    const reactions = [
      { user: "grace", emoji: "👍", seq: 12, remove: false },
      { user: "ada", emoji: "__proto__", seq: 11, remove: false },
      { user: "alan", emoji: "👍", seq: 10, remove: false },
      { user: "eve", emoji: "💥", seq: 9, remove: true },
    ];
    const json = encodeFoldedEvent(message, { reactions });
    expect(json).toBe(
      `${start("message")},"text":"old","data":{"a":1},"reactions":{"👍":["alan","grace"],"__proto__":["ada"]}}`,
    );
    expect(encodeFoldedEvent(message, { reactions: reactions.toReversed() })).toBe(json);
    expect(encodeFoldedEvent(message, { reactions: reactions.slice(3) })).toBe(encodeEvent(message));
  });

  test("other kinds stay as they are", () => {
    const deleted = event({ kind: "delete", target: 3 });
    expect(encodeFoldedEvent(deleted, { deleted: 7 })).toBe(encodeEvent(deleted));
  });

  test("its events stand in the result as they were encoded", () => {
    const json = encodeHistoryResult("i-1", [encodeEvent(message), encodeEvent(event({ kind: "noop" }))], true);
    expect(json).toContain(encodeEvent(message));
    expect(mustBeServerFrame(json)).toMatchObject({ type: "result", id: "i-1", complete: true });
    expect(encodeHistoryResult("i-1", [], false)).toBe('{"type":"result","id":"i-1","events":[],"complete":false}');
  });
});

test("other frames have their fields in the order of the contract, and no others", () => {
  const ack = { time, seq: 7, channel: "c", secret: "x", id: "i-1", type: "ack" } as const;
  expect(encodeServerFrame(ack)).toBe(`{"type":"ack","id":"i-1","channel":"c","seq":7,"time":${time}}`);
});
