import { describe, expect, test } from "vitest";
import { createRespSplitter } from "./resp.ts";

const message2 = "*3\r\n$7\r\nmessage\r\n$4\r\nroom\r\n$6\r\na\r\nb\r\n\r\n";
const message3 = ">3\r\n$8\r\nsmessage\r\n$4\r\nroom\r\n$0\r\n\r\n";
const pattern = "*4\r\n$8\r\npmessage\r\n$2\r\nr*\r\n$4\r\nroom\r\n$1\r\nx\r\n";
const confirmed = "*3\r\n$9\r\nsubscribe\r\n$4\r\nroom\r\n:1\r\n";
const others = [
  "+OK\r\n",
  "-ERR no\r\n",
  ":12\r\n",
  "$-1\r\n",
  "*-1\r\n",
  "*0\r\n",
  "$7\r\nmessage\r\n",
  "*2\r\n*2\r\n:1\r\n$3\r\nabc\r\n+x\r\n",
  "_\r\n",
  "#t\r\n",
  ",1.5\r\n",
  "(12345678901234567890\r\n",
  "=7\r\ntxt:abc\r\n",
  "!5\r\nERR x\r\n",
  "%2\r\n+a\r\n:1\r\n+b\r\n*1\r\n:2\r\n",
  "~2\r\n:1\r\n:2\r\n",
  "|1\r\n+ttl\r\n:3\r\n*1\r\n:9\r\n",
  ">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nk\r\n",
];

describe("what a Redis server sends", () => {
  test("is cut into whole values, whatever the pieces, and messages are told from the rest", () => {
    const all = [message2, ...others, confirmed, message3, pattern];
    const bytes = Buffer.from(all.join(""));
    for (const size of [1, 2, 7, 64, bytes.length]) {
      const split = createRespSplitter();
      const found: { text: string; kind: string }[] = [];
      for (let at = 0; at < bytes.length; at += size) {
        for (const value of split(bytes.subarray(at, at + size))) {
          found.push({ text: value.bytes.toString(), kind: value.kind });
        }
      }
      expect(found.map(({ text }) => text)).toEqual(all);
      expect(found.flatMap(({ text, kind }) => (kind === "other" ? [] : [`${kind} ${text.slice(0, 2)}`]))).toEqual([
        "message *3",
        "confirmation *3",
        "message >3",
        "message *4",
      ]);
    }
  });

  test("is an error where it is no value, or has no length", () => {
    for (const text of ["hello\r\n", "$x\r\n", "*-2\r\n", "$99999999999\r\n"]) {
      expect(() => createRespSplitter()(Buffer.from(text)), text).toThrow();
    }
  });
});
