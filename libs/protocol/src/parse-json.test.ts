import { describe, expect, test } from "vitest";
import { parseClientFrame } from "./parse.ts";
import { codeOf, frameOf, messageOf } from "./testing.ts";

const utf8 = new TextEncoder();
const read = (fields: string) => `{"type":"read","channel":"c",${fields}}`;

describe("what is no frame at all is refused as such", () => {
  test.each([
    ["nothing", "", "frame: must be JSON"],
    ["words", "hello", "frame: must be JSON"],
    ["half a frame", '{"type":"read"', "frame: must be JSON"],
    ["two frames", '{"type":"typing","channel":"c"}{}', "frame: must be JSON"],
    ["a comment", '{"type":"typing","channel":"c"}//', "frame: must be JSON"],
    ["single quotes", "{'type':'typing'}", "frame: must be JSON"],
    ["NaN", read('"seq":NaN'), "frame: must be JSON"],
    ["a raw NUL in a string", read('"seq":1,"x":"\u0000"'), "frame: must be JSON"],
    ["a byte order mark", '\ufeff{"type":"typing","channel":"c"}', "frame: must be JSON"],
    ["a string", '"hello"', "frame: must be a JSON object"],
    ["a number", "1e400", "frame: must be a JSON object"],
    ["null", "null", "frame: must be a JSON object"],
    ["an array", '[{"type":"typing","channel":"c"}]', "frame: must be a JSON object"],
    ["an object without a type", "{}", "type: must be a string"],
    ["a type of another type", '{"type":{"$gt":""}}', "type: must be a string"],
    ["an unknown type", '{"type":"sned"}', "type: must be one that parley.v1 knows"],
    ["a type from Object.prototype", '{"type":"constructor"}', "type: must be one that parley.v1 knows"],
    ["the type __proto__", '{"type":"__proto__"}', "type: must be one that parley.v1 knows"],
    ["a server's type", '{"type":"event","id":"i"}', "type: must be one that parley.v1 knows"],
    ["a link's type", '{"type":"attach","attachment":1}', "type: must be one that parley.v1 knows"],
    ["a type by prototype", '{"__proto__":{"type":"typing","channel":"c"}}', "type: must be a string"],
  ])("%s", (_, json, message) => {
    for (const input of [json, utf8.encode(json)]) {
      const result = parseClientFrame(input);
      expect(result).toMatchObject({ ok: false, error: { code: "bad_frame", message, retryable: false } });
    }
  });

  test.each([
    ["a lone continuation byte", [0x80]],
    ["an overlong slash", [0xc0, 0xaf]],
    ["a surrogate in UTF-8", [0xed, 0xa0, 0x80]],
    ["a code point beyond the last", [0xf4, 0x90, 0x80, 0x80]],
    ["a sequence that breaks off", [0xe2, 0x82]],
  ])("%s is no UTF-8", (_, bytes) => {
    const frame = [...utf8.encode('{"type":"typing","channel":"c","x":"'), ...bytes, ...utf8.encode('"}')];
    expect(messageOf(new Uint8Array(frame))).toBe("frame: must be valid UTF-8");
  });
});

describe("depth", () => {
  const deep = (levels: number) =>
    `{"type":"typing","channel":"c","x":${"[".repeat(levels - 1)}${"]".repeat(levels - 1)}}`;

  test("8 levels are taken, 9 and any more are refused before they are parsed", () => {
    expect(frameOf(deep(8))).toEqual({ type: "typing", channel: "c" });
    for (const levels of [9, 10_000, 30_000])
      expect(messageOf(deep(levels))).toBe("frame: must be at most 8 levels deep");
    const unbounded = parseClientFrame("[".repeat(200_000), { bytesMax: 1e6 });
    expect(unbounded).toMatchObject({ ok: false, error: { message: "frame: must be at most 8 levels deep" } });
  });

  test("brackets inside strings, behind escaped quotes too, are no levels", () => {
    const text = `${"[".repeat(50)}"{{{{{{{{{{\\`;
    expect(frameOf(JSON.stringify({ type: "send", id: "i", channel: "c", text }))).toHaveProperty("text", text);
  });
});

describe("numbers", () => {
  test.each(['"5"', "1.5", "-0", "0", "-1", "1e400", "-1e400", "9007199254740993", "9007199254740992", "true", "null"])(
    "%s is no seq",
    (seq) => expect(messageOf(read(`"seq":${seq}`))).toBe("seq: must be a whole number from 1"),
  );

  test.each([
    ["after", '{"type":"history","id":"i","channel":"c","after":-0}'],
    ["cursors", '{"type":"hello","token":"t","device":"d","protocol":1,"cursors":{"c":-0}}'],
  ])("-0 is no cursor in `%s` either", (name, json) =>
    expect(messageOf(json)).toMatch(new RegExp(`^${name}: must be `)),
  );

  test("the same number written otherwise is the same seq", () => {
    expect(frameOf(read('"seq":1.0e1'))).toHaveProperty("seq", 10);
  });
});

describe("keys", () => {
  test("of equal keys the last one counts", () => {
    expect(frameOf(read('"seq":1,"seq":2'))).toHaveProperty("seq", 2);
    expect(messageOf(read('"seq":1,"seq":"2"'))).toBe("seq: must be a whole number from 1");
  });

  test("__proto__ and constructor reach nothing", () => {
    const json = read('"seq":1,"__proto__":{"isAdmin":true},"constructor":{"prototype":{"isAdmin":true}}');
    const frame = frameOf(json);
    expect(Object.keys(frame)).toEqual(["type", "channel", "seq"]);
    expect(Object.getPrototypeOf(frame)).toBe(Object.prototype);
    expect("isAdmin" in {}).toBe(false);
    expect(messageOf('{"type":"read","__proto__":{"channel":"c","seq":1}}')).toMatch(/^channel: is missing/);
  });

  test("20,000 unknown keys are left behind", () => {
    const many = Array.from({ length: 20_000 }, (_, index) => `"k${index}":0`).join(",");
    const result = parseClientFrame(read(`"seq":1,${many}`), { bytesMax: 1e6 });
    expect(result).toEqual({ ok: true, frame: { type: "read", channel: "c", seq: 1 } });
  });
});

describe("text", () => {
  const send = (text: string) => `{"type":"send","id":"i","channel":"c","text":"${text}"}`;

  test.each(["\\ud800", "a\\uDC00b", "\\udc00\\ud800", "\\ud83d"])("the lone surrogate in %s is refused", (text) => {
    expect(messageOf(send(text))).toBe("text: must be well-formed Unicode, without lone surrogates");
  });

  test("a lone surrogate in a string that was handed in is refused, and in a field nobody reads it is harmless", () => {
    expect(messageOf(send("\ud800"))).toBe("text: must be well-formed Unicode, without lone surrogates");
    expect(frameOf('{"type":"typing","channel":"c","x":"\\ud800"}')).toEqual({ type: "typing", channel: "c" });
  });

  test("an escaped pair is one character", () => {
    expect(frameOf(send("\\ud83d\\udc4d"))).toHaveProperty("text", "👍");
  });

  test("an escaped NUL is refused in text, name and emoji", () => {
    expect(messageOf(send("a\\u0000"))).toMatch(/^text: must be /);
  });

  test("10,000 combining marks are counted one by one", () => {
    expect(codeOf(send(`a${"\u0301".repeat(10_000)}`))).toBe("too_large");
  });
});

describe("size", () => {
  const padded = (bytes: number) => {
    const frame = '{"type":"typing","channel":"c"}';
    return frame + " ".repeat(bytes - frame.length);
  };

  test("is bounded in bytes at 64 KiB by default, and by option", () => {
    for (const input of [padded(65_536), utf8.encode(padded(65_536))]) expect(frameOf(input)).toHaveProperty("channel");
    for (const input of [padded(65_537), utf8.encode(padded(65_537))]) expect(codeOf(input)).toBe("too_large");
    const result = parseClientFrame(padded(101), { bytesMax: 100 });
    expect(result).toMatchObject({
      ok: false,
      error: { code: "too_large", message: "frame: must be at most 100 bytes" },
    });
  });

  test("of a string is that of its UTF-8", () => {
    const json = '{"type":"typing","channel":"c","x":"ééé"}';
    expect(parseClientFrame(json, { bytesMax: utf8.encode(json).length }).ok).toBe(true);
    expect(parseClientFrame(json, { bytesMax: utf8.encode(json).length - 1 }).ok).toBe(false);
  });
});

describe("the id of a refused frame", () => {
  test("is echoed when it is one, and never when it is not", () => {
    expect(parseClientFrame('{"type":"sned","id":"i-1"}')).toHaveProperty("error.id", "i-1");
    expect(parseClientFrame('{"id":"i-1"}')).toHaveProperty("error.id", "i-1");
    for (const id of ['""', "1", '{"$gt":""}', '"a b"', '"\\u001b[2J"', "null"]) {
      expect(parseClientFrame(`{"type":"sned","id":${id}}`)).not.toHaveProperty("error.id");
    }
  });

  test("a refusal repeats nothing else of what was sent", () => {
    const poison = "\u001b[2J</script>\r\nevil";
    for (const frame of [{ type: poison }, { type: "read", channel: poison, seq: 1 }, { type: "hello", [poison]: 1 }]) {
      const message = messageOf(frame);
      for (const part of ["evil", "script", "\r", "\u001b"]) expect(message).not.toContain(part);
    }
  });
});
