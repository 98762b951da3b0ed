import { describe, expect, test } from "vitest";
import { eventExamples, serverExamples } from "./examples.ts";
import { parseServerFrame } from "./parse-server.ts";

const examples = [...Object.values(serverExamples).flat(), ...Object.values(eventExamples).flat()];

test.each(examples.map((example) => [JSON.stringify(example)]))("a client reads %s", (json) => {
  expect(parseServerFrame(json)).toEqual(JSON.parse(json));
});

describe("what a newer server may say", () => {
  const event = '{"type":"event","channel":"c","seq":7,"kind":"poll","sender":"ada","time":1,"options":[]}';

  test("an event of an unknown kind still counts: it is a noop", () => {
    expect(parseServerFrame(event)).toMatchObject({ type: "event", kind: "noop", channel: "c", seq: 7 });
    const page = parseServerFrame(`{"type":"result","id":"i","events":[${event}],"complete":true}`);
    expect(page).toMatchObject({ events: [{ kind: "noop", seq: 7 }] });
  });

  test("an error with an unknown code keeps its retryable", () => {
    const json = '{"type":"error","id":"i","code":"on_fire","message":"m","retryable":true}';
    expect(parseServerFrame(json)).toMatchObject({ code: "internal", retryable: true });
  });

  test("longer texts, longer lists and new roles than this version knows are taken", () => {
    const text = "x".repeat(20_000);
    const message = { type: "event", channel: "c", seq: 7, kind: "message", sender: "a", time: 1, text };
    expect(parseServerFrame(JSON.stringify(message))).toEqual(message);
    const entry = { channel: "c", kind: "broadcast", role: "guest", head: 1, read: 0, unread: 1 };
    const welcome = {
      type: "welcome",
      session: "s",
      user: "a",
      time: 1,
      heartbeatMs: 1,
      channels: Array(500).fill(entry),
    };
    expect(parseServerFrame(JSON.stringify(welcome))).toEqual(welcome);
    expect(parseServerFrame(JSON.stringify({ ...welcome, channels: [{ ...entry, head: "1" }] }))).toBeUndefined();
    expect(parseServerFrame(JSON.stringify({ ...message, reactions: { x: 1 } }))).toBeUndefined();
  });

  test("unknown fields are harmless, unknown types are ignored", () => {
    expect(parseServerFrame('{"type":"gap","channel":"c","from":1,"to":2,"why":"slow"}')).toMatchObject({ from: 1 });
    expect(parseServerFrame('{"type":"poll"}')).toBeUndefined();
    expect(parseServerFrame('{"type":"toString"}')).toBeUndefined();
    expect(parseServerFrame('{"type":"event","kind":"constructor","seq":1}')).toBeUndefined();
  });
});

test.each([
  "",
  "{",
  "null",
  "[]",
  '"ack"',
  "{}",
  '{"type":"ack","id":"i"}',
  '{"type":"ack","id":"i","channel":"c","seq":"7","time":1}',
])("%s is no frame and nothing is thrown", (json) => expect(parseServerFrame(json)).toBeUndefined());
