import fc from "fast-check";
import { expect, test } from "vitest";
import { cut, fit, graphemes, plain, widthOf, wrap } from "./plain-text.ts";

const texts = fc.string({ unit: "grapheme", maxLength: 200 });

test("what a terminal would obey is taken out of other people's text", () => {
  expect(plain("a\u001b[2Jb\u0007c\u009b31md\u202Ee\r\nf\tg\u0000")).toBe("a[2Jbc31mde\nf  g");
});

test("family emoji, flags and scripts that join keep together", () => {
  expect(graphemes("👩‍👩‍👧🇸🇪é")).toEqual(["👩‍👩‍👧", "🇸🇪", "é"]);
  expect(widthOf("日本")).toBe(4);
});

test("no wrapped line is wider than the pane, and no character is lost but blanks and what is dangerous", () => {
  fc.assert(
    fc.property(texts, fc.integer({ min: 2, max: 60 }), (text, width) => {
      const lines = wrap(text, width);
      // One grapheme is never broken, however wide: some signs of music take three columns.
      const least = Math.max(width, ...graphemes(plain(text)).map(widthOf));
      for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(least);
      const inked = (value: string): string => value.replace(/\s/gu, "");
      expect(inked(lines.join(""))).toBe(inked(plain(text)));
    }),
  );
});

test("fit gives exactly the width asked for", () => {
  fc.assert(
    fc.property(
      texts.map((text) => plain(text).replaceAll("\n", "")),
      fc.integer({ min: 1, max: 40 }),
      (text, width) => {
        expect(widthOf(fit(text, width))).toBe(width);
        expect(widthOf(cut(text, width))).toBeLessThanOrEqual(width);
      },
    ),
  );
});

test("lines break at blanks where they can and within a word where they must", () => {
  expect(wrap("the quick brown fox", 10)).toEqual(["the quick", "brown fox"]);
  expect(wrap("abcdefghijkl mn", 5)).toEqual(["abcde", "fghij", "kl mn"]);
  expect(wrap("one\n\ntwo", 10)).toEqual(["one", "", "two"]);
});
