import { describe, expect, test } from "vitest";
import type { ClientFrameType } from "./client-frames.ts";
import { clientExamples } from "./examples.ts";
import { parseClientFrame } from "./parse.ts";
import { codeOf, frameOf, messageOf } from "./testing.ts";

const utf8 = new TextEncoder();

type Fields = Record<string, unknown>;

/** The fullest valid frame of each type, for one field at a time to be broken in it. */
const full: Readonly<Record<ClientFrameType, Fields>> = {
  hello: { type: "hello", token: "t", device: "d", protocol: 1, cursors: { c: 1 } },
  send: { type: "send", id: "i", channel: "c", text: "x", data: {}, replyTo: 1, mentions: ["u"], prev: "p" },
  edit: { type: "edit", id: "i", channel: "c", target: 1, text: "x", prev: "p" },
  delete: { type: "delete", id: "i", channel: "c", target: 1, prev: "p" },
  react: { type: "react", id: "i", channel: "c", target: 1, emoji: "👍", remove: true, prev: "p" },
  read: { type: "read", channel: "c", seq: 1 },
  typing: { type: "typing", channel: "c" },
  history: { type: "history", id: "i", channel: "c", before: 9, limit: 10 },
  "channel.create": { type: "channel.create", id: "i", kind: "group", members: ["u"], name: "n" },
  "channel.invite": { type: "channel.invite", id: "i", channel: "c", user: "u" },
  "channel.remove": { type: "channel.remove", id: "i", channel: "c", user: "u" },
  "channel.leave": { type: "channel.leave", id: "i", channel: "c" },
  "channel.role": { type: "channel.role", id: "i", channel: "c", user: "u", role: "member" },
  channels: { type: "channels", id: "i", cursor: "abc", limit: 10 },
  "presence.watch": { type: "presence.watch", id: "i", users: ["u"] },
  "presence.unwatch": { type: "presence.unwatch", id: "i", users: ["u"] },
  refresh: { type: "refresh", id: "i", token: "t" },
};

const required: Readonly<Record<ClientFrameType, readonly string[]>> = {
  hello: ["token", "device", "protocol"],
  send: ["id", "channel"],
  edit: ["id", "channel", "target", "text"],
  delete: ["id", "channel", "target"],
  react: ["id", "channel", "target", "emoji"],
  read: ["channel", "seq"],
  typing: ["channel"],
  history: ["id", "channel"],
  "channel.create": ["id", "kind", "members"],
  "channel.invite": ["id", "channel", "user"],
  "channel.remove": ["id", "channel", "user"],
  "channel.leave": ["id", "channel"],
  "channel.role": ["id", "channel", "user", "role"],
  channels: ["id"],
  "presence.watch": ["id", "users"],
  "presence.unwatch": ["id", "users"],
  refresh: ["id", "token"],
};

const mongoOperators = [{ $gt: "" }, { $where: "sleep(1000)" }, { _bsontype: "ObjectId" }];
const badIds = [
  ...["", "a".repeat(65), "a".repeat(10_000), "a b", "a:b", "a*", "../a", "a\r\nb", "a\u0000", "é", "~a"],
  ...[1, null, true, ["a"], {}, ...mongoOperators],
];
const goodIds = ["a", "a".repeat(64), "A-Z_9", "constructor", "__proto__", "-", "0"];
const badSeqs = [0, -1, 1.5, "5", true, null, [1], {}, 9_007_199_254_740_992, { $gt: 0 }];
const goodSeqs = [1, 2, 9_007_199_254_740_991];
const badStrings = [1, null, true, ["x"], {}, ...mongoOperators];
const badNames = [
  ...[
    "\u0000",
    "a\nb",
    "a\r\nb",
    "\u001b[31m",
    "\u007f",
    "\u0085",
    "\u202eevil",
    "\u2066x",
    "\u200f",
    "\u200b",
    "\ufeff",
  ],
  ...badStrings,
];
const manyIds = (count: number) => Array.from({ length: count }, (_, index) => `u${index}`);
const nested = (levels: number): unknown => (levels === 1 ? {} : { a: nested(levels - 1) });

/** Values just inside and just outside, for each field of each frame. */
const values: Readonly<Record<string, { readonly good: readonly unknown[]; readonly bad: readonly unknown[] }>> = {
  id: { good: goodIds, bad: badIds },
  channel: { good: goodIds, bad: badIds },
  user: { good: goodIds, bad: badIds },
  device: { good: goodIds, bad: badIds },
  prev: { good: goodIds, bad: badIds },
  seq: { good: goodSeqs, bad: badSeqs },
  target: { good: goodSeqs, bad: badSeqs },
  replyTo: { good: goodSeqs, bad: badSeqs },
  before: { good: goodSeqs, bad: badSeqs },
  protocol: { good: [1], bad: [0, 2, "1", null, true, 1.5, [1]] },
  token: { good: ["t", "t".repeat(16_384)], bad: ["", "t".repeat(16_385), ...badStrings] },
  text: {
    good: ["x", "x".repeat(8_000), "👍".repeat(8_000), "e\u0301".repeat(4_000), "\u202e", "\n\t"],
    bad: ["", "x".repeat(8_001), "👍".repeat(8_001), `${"a\u0301".repeat(5_000)}`, "a\u0000b", ...badStrings],
  },
  data: {
    good: [{}, nested(6), { a: "x".repeat(8 * 1024 - 8) }, { a: [[[[1]]]] }, { constructor: 1, $gt: "", a: "\u0000" }],
    bad: [nested(7), { a: "x".repeat(8 * 1024 - 7) }, { a: "é".repeat(4_093) }, { a: [[[[[[1]]]]]] }, [], "x", 1, null],
  },
  mentions: { good: [[], ["u"], manyIds(50)], bad: [manyIds(51), "u", { 0: "u" }, [1], [""], [{ $gt: "" }], null] },
  emoji: {
    good: ["👍", "x", "👩‍👩‍👧", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "❤️", "👍".repeat(32)],
    bad: ["", "👍".repeat(33), ...badNames],
  },
  remove: { good: [true], bad: [false, 1, "true", null] },
  after: { good: [0, ...goodSeqs], bad: badSeqs.filter((seq) => seq !== 0) },
  members: { good: [[], ["u"], manyIds(200)], bad: ["u", [1], ["a b"], [null], [{ $gt: "" }], {}] },
  kind: { good: ["direct", "group"], bad: ["", "Group", "public", "constructor", ...badStrings] },
  role: { good: ["owner", "moderator", "member", "reader"], bad: ["", "admin", "Owner", "toString", ...badStrings] },
  name: { good: ["n", "n".repeat(120), "👍".repeat(120), "می‌خواهم"], bad: ["", "n".repeat(121), ...badNames] },
  cursor: { good: ["c", "c".repeat(512)], bad: ["", "c".repeat(513), "a b", "\n", ...badStrings] },
  users: { good: [[], ["u"], manyIds(200)], bad: [manyIds(201), "u", [1], [""], null, { $in: [] }] },
  cursors: {
    good: [{}, { c: 0 }, { c: 1, constructor: 2 }, { c: 9_007_199_254_740_991 }],
    bad: [{ "a b": 1 }, { "": 1 }, { c: -1 }, { c: 1.5 }, { c: "5" }, { c: null }, { c: { $gt: 0 } }, [], "c", 1, null],
  },
};
const limitBounds = { history: 200, channels: 500 } as const;

describe.each(Object.entries(full))("%s", (type, frame) => {
  const needed = required[type as ClientFrameType];

  test("is taken when complete, and comes back with its known fields only", () => {
    const parsed = frameOf(JSON.stringify({ ...frame, sender: "eve", unknown: { deep: 1 } }));
    expect(parsed).toEqual("data" in frame ? { ...frame, dataJson: "{}" } : frame);
  });

  test.each(clientExamples[type as ClientFrameType].map((example) => [JSON.stringify(example)]))(
    "the documented example %s is taken from text and from bytes",
    (json) => {
      expect(frameOf(json)).toMatchObject(JSON.parse(json));
      expect(frameOf(utf8.encode(json))).toEqual(frameOf(json));
    },
  );

  test.each(needed)("without `%s` is refused by that name", (name) => {
    const { [name]: _, ...rest } = frame;
    expect(messageOf(rest)).toMatch(new RegExp(`^${name}: is missing; must be `));
  });

  for (const name of Object.keys(frame).filter((field) => field !== "type")) {
    const isOptional = !needed.includes(name);
    if (isOptional) {
      test(`may do without \`${name}\``, () => {
        const { [name]: _, ...rest } = frame;
        expect(Object.keys(frameOf(JSON.stringify(rest)))).not.toContain(name);
      });
    }
    const { good, bad } = name === "limit" ? limitValues(type) : mustFindValues(name);
    test(`takes \`${name}\` up to its limits`, () => {
      for (const value of good)
        expect(frameOf(JSON.stringify({ ...frame, [name]: value }))).toHaveProperty(name, value);
    });
    test(`refuses \`${name}\` that is wrong, beyond a limit or of another type, by that name`, () => {
      for (const value of bad) expect(messageOf({ ...frame, [name]: value })).toMatch(new RegExp(`^${name}: must be `));
    });
  }

  if ("id" in frame) {
    test("that is refused gets its own id back", () => {
      const result = parseClientFrame(JSON.stringify({ ...frame, [needed[1] ?? "limit"]: {} }));
      expect(result).toMatchObject({
        ok: false,
        error: { type: "error", id: "i", code: "bad_frame", retryable: false },
      });
    });
  }
});

function mustFindValues(name: string): { readonly good: readonly unknown[]; readonly bad: readonly unknown[] } {
  const found = values[name];
  if (found === undefined) throw new Error(`no values are written down for ${name}`);
  return found;
}

function limitValues(type: string) {
  const max = limitBounds[type as keyof typeof limitBounds];
  return { good: [1, max], bad: [0, -1, max + 1, 1e9, 1.5, "10", null, {}] };
}

describe("send", () => {
  const send = { type: "send", id: "i", channel: "c" };

  test("needs text or data", () => {
    expect(messageOf(send)).toBe("text: must be given, or data, or both");
    expect(frameOf(JSON.stringify({ ...send, data: {} }))).toEqual({ ...send, data: {}, dataJson: "{}" });
  });

  test("carries data as text that was serialised once, the last of equal keys winning", () => {
    const json =
      '{"type":"send","id":"i","channel":"c","data":{ "b" : 1, "a":[1.0,"\\u0041"], "b":2, "__proto__":{"x":1} }}';
    expect(frameOf(json)).toHaveProperty("dataJson", '{"b":2,"a":[1,"A"],"__proto__":{"x":1}}');
  });

  test("with data that does not survive serialising is refused", () => {
    expect(messageOf('{"type":"send","id":"i","channel":"c","data":{"a":1e400}}')).toMatch(
      /^data: must be free of numbers/,
    );
    expect(messageOf('{"type":"send","id":"i","channel":"c","data":{"a":["\\ud800"]}}')).toMatch(
      /^data: must be well-formed/,
    );
    expect(messageOf('{"type":"send","id":"i","channel":"c","data":{"\\udc00":1}}')).toMatch(
      /^data: must be well-formed/,
    );
  });

  test("with attachments is refused by that name", () => {
    for (const attachments of [[], ["a"], "a", null, manyIds(11)]) {
      expect(messageOf({ ...send, text: "x", attachments })).toMatch(/^attachments: must be left out/);
    }
  });

  test("that is too long is too_large, and no bad frame", () => {
    expect(codeOf({ ...send, text: "x".repeat(8_001) })).toBe("too_large");
    expect(codeOf({ ...send, data: { a: "x".repeat(9_000) } })).toBe("too_large");
    expect(codeOf({ ...send, text: `${"👍".repeat(5_000)}\u0000` })).toBe("bad_frame");
  });
});

describe("history", () => {
  test("with both bounds is refused by both names", () => {
    const message = messageOf({ type: "history", id: "i", channel: "c", before: 2, after: 1 });
    expect(message).toBe("before, after: only one of the two may be given");
  });

  test("takes `after` 0: all from the beginning", () => {
    expect(frameOf('{"type":"history","id":"i","channel":"c","after":0}')).toHaveProperty("after", 0);
  });
});

test("cursors of channels called __proto__ and constructor are what they say", () => {
  const frame = frameOf(
    '{"type":"hello","token":"t","device":"d","protocol":1,"cursors":{"__proto__":7,"constructor":8}}',
  );
  const { cursors } = frame as { cursors: Record<string, number> };
  expect(Object.entries(cursors)).toEqual([
    ["__proto__", 7],
    ["constructor", 8],
  ]);
  expect(cursors.toString).toBeUndefined();
});
