import type { EventFrame } from "@parley/protocol";
import { expect, test } from "vitest";
import { Conversation } from "./conversation.ts";

const base = { type: "event", channel: "c", time: 1_000 } as const;

function message(seq: number, sender: string, text: string, id?: string): EventFrame {
  return { ...base, seq, kind: "message", sender, text, ...(id === undefined ? {} : { id }) };
}

function started(): Conversation {
  const conversation = new Conversation("c", "ada");
  conversation.accept({
    ...base,
    seq: 1,
    kind: "created",
    sender: "ada",
    channelKind: "direct",
    members: [
      { user: "ada", role: "owner" },
      { user: "grace", role: "owner" },
    ],
  });
  return conversation;
}

test("a direct conversation is called by the other one's name", () => {
  expect(started().title).toBe("grace");
});

test("edits, reactions and deletes change the message they are about", () => {
  const conversation = started();
  conversation.accept(message(2, "ada", "teh"));
  conversation.accept({ ...base, seq: 3, kind: "edit", sender: "ada", target: 2, text: "the" });
  conversation.accept({ ...base, seq: 4, kind: "reaction", sender: "grace", target: 2, emoji: "👍" });
  expect(conversation.find(2)).toMatchObject({ text: "the", isEdited: true, reactions: new Map([["👍", ["grace"]]]) });
  conversation.accept({ ...base, seq: 5, kind: "reaction", sender: "grace", target: 2, emoji: "👍", remove: true });
  expect(conversation.find(2)?.reactions.size).toBe(0);
  conversation.accept({ ...base, seq: 6, kind: "delete", sender: "ada", target: 2 });
  expect(conversation.find(2)).toMatchObject({ text: "", isDeleted: true });
});

test("an old edit in a page of history does not undo the newer one that the page has folded in", () => {
  const conversation = started();
  conversation.acceptPage(
    [
      { ...base, seq: 2, kind: "message", sender: "ada", text: "newest", editedAt: 5 },
      { ...base, seq: 3, kind: "edit", sender: "ada", target: 2, text: "older" },
    ],
    true,
  );
  expect(conversation.find(2)?.text).toBe("newest");
});

test("a message on its way is pending until its event or its page comes, whichever is first", () => {
  const conversation = started();
  const request = { type: "send", text: "hi" } as const;
  conversation.acceptRequest({ id: "x1", channel: "c", state: "sending", request });
  expect([...conversation.pending.values()]).toMatchObject([{ text: "hi", state: "sending" }]);
  conversation.accept(message(2, "ada", "hi", "x1"));
  expect(conversation.pending.size).toBe(0);
  conversation.acceptRequest({ id: "x1", channel: "c", state: "sent", request });
  expect(conversation.pending.size).toBe(0);
});

test("the id of somebody else's message is not taken for ours", () => {
  const conversation = started();
  conversation.acceptRequest({ id: "x1", channel: "c", state: "sending", request: { type: "send", text: "hi" } });
  conversation.accept(message(2, "grace", "hello", "x1"));
  expect(conversation.pending.size).toBe(1);
});

test("a message counts as read by who said so and by who wrote after it; marks go forward only", () => {
  const conversation = started();
  conversation.accept(message(2, "ada", "a"));
  expect(conversation.readers(2)).toBe(0);
  conversation.acceptRead("grace", 2);
  conversation.acceptRead("grace", 1);
  expect(conversation.readers(2)).toBe(1);
  conversation.accept(message(3, "ada", "b"));
  conversation.accept(message(4, "grace", "c"));
  expect(conversation.readers(3)).toBe(1);
});

test("typing ends by itself, or with the message", () => {
  const conversation = started();
  conversation.acceptTyping("grace", 0);
  conversation.acceptTyping("ada", 0);
  expect(conversation.typing(4_999)).toEqual(["grace"]);
  expect(conversation.typing(5_000)).toEqual([]);
  conversation.acceptTyping("grace", 6_000);
  conversation.accept(message(2, "grace", "done"));
  expect(conversation.typing(6_001)).toEqual([]);
});

test("no more than 2,000 events of a conversation are kept", () => {
  const conversation = started();
  for (let seq = 2; seq <= 2_001; seq += 1) conversation.accept(message(seq, "grace", "x"));
  expect(conversation.items).toHaveLength(2_000);
  expect(conversation.lowestSeq).toBe(2);
  expect(conversation.isComplete).toBe(false);
});
