import fc from "fast-check";
import { expect, test } from "vitest";
import { widthOf } from "../plain-text.ts";
import {
  emptyInput,
  inputOf,
  insert,
  move,
  removeAllAfter,
  removeAllBefore,
  removeBefore,
  removeWordBefore,
  textOf,
  visiblePart,
} from "./input-buffer.ts";

test("a backspace takes away what people call one character", () => {
  expect(textOf(removeBefore(inputOf("ok 👩‍👩‍👧")))).toBe("ok ");
});

test("text goes in at the cursor", () => {
  expect(textOf(insert(move(inputOf("ac"), -1), "b"))).toBe("abc");
  expect(insert(insert(emptyInput, "e"), "\u0301").at).toBe(1);
});

test("the word keys", () => {
  expect(textOf(removeWordBefore(inputOf("one two  ")))).toBe("one ");
  expect(textOf(removeAllBefore(move(inputOf("abc"), -1)))).toBe("c");
  expect(textOf(removeAllAfter(move(inputOf("abc"), -1)))).toBe("ab");
  expect(move(inputOf("abc"), -9).at).toBe(0);
  expect(move(inputOf("abc"), 9).at).toBe(3);
});

test("the part that is shown holds the cursor and fits", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "grapheme-ascii", maxLength: 80 }),
      fc.nat(80),
      fc.integer({ min: 4, max: 30 }),
      (text, back, width) => {
        const buffer = move(inputOf(text), -back);
        const parts = visiblePart(buffer, width);
        expect(widthOf(parts.join(""))).toBeLessThanOrEqual(width);
        expect(parts[1]).toBe(buffer.parts[buffer.at] ?? " ");
      },
    ),
  );
});
