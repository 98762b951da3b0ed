import { expect, test } from "vitest";
import { replaceSection } from "./markers.ts";

const begin = "<!-- side-by-side: begin -->";
const end = "<!-- side-by-side: end -->";
const before = "# What was measured\r\n\r\n  trailing  \n\n";
const after = "\n## More\n\n\ttext without an end";

test("between the markers stands the section; all else stands byte for byte", () => {
  const document = `${before}${begin}\nold\n\nolder\n${end}${after}`;
  expect(replaceSection(document, "## New\n\ntext")).toBe(`${before}${begin}\n## New\n\ntext\n${end}${after}`);
});

test("markers with nothing between are filled, and the same again changes nothing", () => {
  const once = replaceSection(`${before}${begin}${end}${after}`, "section");
  expect(once).toBe(`${before}${begin}\nsection\n${end}${after}`);
  expect(replaceSection(once, "section")).toBe(once);
});

test("what looks like a pattern in the section is text", () => {
  expect(replaceSection(`${begin}\n${end}`, "$& $1 $`")).toBe(`${begin}\n$& $1 $\`\n${end}`);
});

test.each([
  ["no marker", "text", /begin.*is missing/],
  ["no end", begin, /end.*is missing/],
  ["no begin", end, /begin.*is missing/],
  ["an end before the begin", `${end}\n${begin}`, /stands before/],
  ["two begins", `${begin}\n${begin}\n${end}`, /stands there twice/],
  ["two ends", `${begin}\n${end}\n${end}`, /stands there twice/],
])("a document with %s is refused", (_name, document, message) => {
  expect(() => replaceSection(document, "section")).toThrow(message);
});
