import { expect, test } from "vitest";
import { Conversation } from "../conversation.ts";
import { widthOf } from "../plain-text.ts";
import { type Row, rowsOf } from "./rows.ts";

const width = 60;

function textOf(row: Row): string {
  return row.map(({ text }) => text).join("");
}

function talk(): Conversation {
  const conversation = new Conversation("c", "ada");
  const base = { type: "event", channel: "c", time: Date.UTC(2026, 0, 1) } as const;
  conversation.members.add("ada").add("grace");
  conversation.accept({
    ...base,
    seq: 1,
    kind: "message",
    sender: "grace",
    text: "日本語 👩‍👩‍👧 \u001b[31mred ".repeat(9),
  });
  conversation.accept({ ...base, seq: 2, kind: "message", sender: "ada", text: "short", replyTo: 1 });
  conversation.accept({ ...base, seq: 3, kind: "reaction", sender: "grace", target: 2, emoji: "🎉" });
  conversation.accept({ ...base, seq: 4, kind: "message", sender: "ada", text: "second" });
  return conversation;
}

test.each([20, 40, 60, 100])("no row is wider than %i columns or holds a control character", (columns) => {
  for (const row of rowsOf(talk(), [], columns, 100)) {
    // Below that width the text column keeps its least.
    expect(widthOf(textOf(row))).toBeLessThanOrEqual(Math.max(columns, 32));
    expect(textOf(row)).not.toMatch(/\p{Cc}/u);
  }
});

test("one person's messages stand under one name, with their numbers and marks at the right", () => {
  const lines = rowsOf(talk(), [], width, 100).map(textOf);
  expect(lines.filter((line) => line.includes(" ada "))).toHaveLength(1);
  expect(lines.find((line) => line.includes("short"))).toMatch(/#2 ✓✓$/);
  expect(lines.find((line) => line.includes("second"))).toMatch(/#4 ✓$/);
  expect(lines.find((line) => line.includes("╭"))).toContain("grace: 日本語");
  expect(lines.find((line) => line.includes("🎉"))).toContain("🎉 grace");
});

test.each([
  ["queued", "waiting…"],
  ["sending", "sending…"],
  ["sent", "sent ✓"],
  ["failed", "✗"],
] as const)("a message that is %s says so", (state, word) => {
  const conversation = talk();
  conversation.pending.set("x", { id: "x", text: "on its way", state });
  expect(rowsOf(conversation, [], width, 100).map(textOf).at(-1)).toMatch(new RegExp(`on its way.*${word}$`));
});

test("a remark stands where it was made, also when only the end is drawn", () => {
  const conversation = talk();
  const remarks = [{ after: 2, lines: ["a remark"], isProblem: false }];
  const lines = rowsOf(conversation, remarks, width, 100).map(textOf);
  expect(lines.findIndex((line) => line.includes("a remark"))).toBe(
    lines.findIndex((line) => line.includes("second")) - 1,
  );
  expect(rowsOf(conversation, remarks, width, 1).map(textOf).join("\n")).not.toContain("short");
});
