import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ClientFrame, clientFrameSchemas } from "./client-frames.ts";
import { parseClientFrame } from "./parse.ts";
import { parseServerFrame } from "./parse-server.ts";
import { frameOf } from "./testing.ts";

const id = fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/);
const seq = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
const text = fc.string({ unit: "grapheme", minLength: 1, maxLength: 200 }).filter((value) => !value.includes("\0"));
const name = fc.string({ unit: fc.constantFrom("a", "é", "木", "👍", " "), minLength: 1, maxLength: 32 });
const ids = fc.array(id, { maxLength: 20 });
const role = fc.constantFrom("owner", "moderator", "member", "reader");
// -0 and lone surrogates don't come back from JSON as they went.
const data = fc
  .dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 }))
  .map((value): Record<string, unknown> => JSON.parse(JSON.stringify(value)))
  .filter((value) => JSON.stringify(value).length < 2_000);

type Parts = Readonly<Record<string, fc.Arbitrary<unknown>>>;

function frame(type: ClientFrame["type"], needed: Parts, optional: Parts = {}): fc.Arbitrary<Record<string, unknown>> {
  return fc
    .tuple(fc.record(needed), fc.record(optional, { requiredKeys: [] }))
    .map(([must, may]) => ({ type, ...must, ...may }));
}

const anyFrame = fc.oneof(
  frame("hello", { token: text, device: id, protocol: fc.constant(1) }, { cursors: fc.dictionary(id, seq) }),
  frame("send", { id, channel: id, text }, { data, replyTo: seq, mentions: ids, prev: id }),
  frame("send", { id, channel: id, data }, { replyTo: seq, mentions: ids, prev: id }),
  frame("edit", { id, channel: id, target: seq, text }, { prev: id }),
  frame("delete", { id, channel: id, target: seq }, { prev: id }),
  frame("react", { id, channel: id, target: seq, emoji: name }, { remove: fc.constant(true), prev: id }),
  frame("read", { channel: id, seq }),
  frame("typing", { channel: id }),
  frame("history", { id, channel: id }, { before: seq, limit: fc.integer({ min: 1, max: 200 }) }),
  frame("history", { id, channel: id, after: seq }),
  frame("channel.create", { id, kind: fc.constantFrom("direct", "group"), members: ids }, { name }),
  frame("channel.invite", { id, channel: id, user: id }),
  frame("channel.remove", { id, channel: id, user: id }),
  frame("channel.leave", { id, channel: id }),
  frame("channel.role", { id, channel: id, user: id, role }),
  frame("channels", { id }, { cursor: id, limit: fc.integer({ min: 1, max: 500 }) }),
  frame("presence.watch", { id, users: ids }),
  frame("presence.unwatch", { id, users: ids }),
  frame("refresh", { id, token: text }),
);

describe("for whatever comes", () => {
  const isAnswer = (input: Uint8Array | string) => {
    const result = parseClientFrame(input);
    if (!result.ok) {
      expect(result.error.message).toMatch(/^[a-zA-Z, ]+: (must|is|only)/);
      expect(result.error.retryable).toBe(false);
    }
  };

  test("bytes are answered and never throw", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), isAnswer));
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void parseServerFrame(String(bytes))));
  });

  test("any JSON value is answered and never throws", () => {
    fc.assert(fc.property(fc.json({ stringUnit: "binary" }), isAnswer));
    fc.assert(fc.property(fc.json({ stringUnit: "binary" }), (json) => void parseServerFrame(json)));
  });

  test("any value in any field of any type is answered and never throws", () => {
    const names = [...new Set(Object.values(clientFrameSchemas).flatMap((schema) => Object.keys(schema.properties)))];
    const fields = fc.dictionary(fc.constantFrom(...names, "__proto__", "toString"), fc.jsonValue(), { maxKeys: 12 });
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(clientFrameSchemas)), fields, (type, rest) =>
        isAnswer(JSON.stringify({ ...rest, type })),
      ),
      { numRuns: 500 },
    );
  });

  test("a valid frame with one byte changed is answered and never throws", () => {
    fc.assert(
      fc.property(anyFrame, fc.nat(), fc.integer({ min: 0, max: 255 }), (valid, at, byte) => {
        const bytes = new TextEncoder().encode(JSON.stringify(valid));
        bytes[at % bytes.length] = byte;
        isAnswer(bytes);
      }),
      { numRuns: 500 },
    );
  });
});

test("any valid frame comes back as it went, with whatever unknown fields around it", () => {
  fc.assert(
    fc.property(anyFrame, fc.jsonValue({ maxDepth: 3 }), (valid, junk) => {
      const parsed = frameOf(JSON.stringify({ unknown: junk, ...valid }));
      const expected = "data" in valid ? { ...valid, dataJson: JSON.stringify(valid.data) } : valid;
      expect(JSON.parse(JSON.stringify(parsed))).toEqual(JSON.parse(JSON.stringify(expected)));
    }),
    { numRuns: 500 },
  );
});
