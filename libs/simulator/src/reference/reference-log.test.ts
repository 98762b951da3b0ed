import { expect, test } from "vitest";
import { append, findRefusal, type ReferenceChannel } from "./reference-log.ts";

function startChannel(): ReferenceChannel {
  const channel: ReferenceChannel = { id: "room-0", events: [], memberships: new Map() };
  append(channel, "ann", "0", { kind: "created", members: [{ user: "ann" }, { user: "bob" }] });
  append(channel, "ann", "1", { kind: "message", text: "one" });
  return channel;
}

test.each(["edit", "delete", "react"])("a message that was deleted meanwhile is not found by %s", (type) => {
  const channel = startChannel();
  expect(findRefusal(channel, "ann", { type, target: 2 })).toBeUndefined();
  append(channel, "ann", "2", { kind: "delete", target: 2 });
  expect(findRefusal(channel, "ann", { type, target: 2 })).toBe("not_found");
});

test("a deleted message may still be answered, what is no message may not", () => {
  const channel = startChannel();
  append(channel, "ann", "2", { kind: "delete", target: 2 });
  expect(findRefusal(channel, "bob", { type: "send", replyTo: 2 })).toBeUndefined();
  expect(findRefusal(channel, "bob", { type: "send", replyTo: 1 })).toBe("not_found");
  expect(findRefusal(channel, "bob", { type: "send", replyTo: 4 })).toBe("not_found");
});

test("only the sender edits and deletes, and everybody reacts", () => {
  const channel = startChannel();
  expect(findRefusal(channel, "bob", { type: "edit", target: 2 })).toBe("forbidden");
  expect(findRefusal(channel, "bob", { type: "delete", target: 2 })).toBe("forbidden");
  expect(findRefusal(channel, "bob", { type: "react", target: 2 })).toBeUndefined();
});

test("what was said before somebody came in is not there for them", () => {
  const channel = startChannel();
  append(channel, "ann", "2", { kind: "member", user: "cleo", change: "joined" });
  expect(findRefusal(channel, "cleo", { type: "react", target: 2 })).toBe("not_found");
});

test("who is in is not invited again, and who is out is not removed again", () => {
  const channel = startChannel();
  expect(findRefusal(channel, "ann", { type: "channel.invite", user: "bob" })).toBe("forbidden");
  append(channel, "ann", "2", { kind: "member", user: "bob", change: "removed" });
  expect(findRefusal(channel, "ann", { type: "channel.invite", user: "bob" })).toBeUndefined();
  expect(findRefusal(channel, "ann", { type: "channel.remove", user: "bob" })).toBe("not_found");
});
