import { expect, test } from "vitest";
import { ForwardedCalls } from "./forwarded-calls.ts";
import { refuse } from "./request.ts";

test("a forwarded call that comes twice is done once, and answered as the first time", () => {
  const calls = new ForwardedCalls();
  expect(calls.begin("chat-1", 7)).toBe("new");
  expect(calls.begin("chat-1", 7)).toBe("open");
  expect(calls.begin("chat-2", 7)).toBe("new");
  const answer = refuse("not_member", "channel: you are not a member");
  calls.end("chat-1", 7, answer);
  expect(calls.begin("chat-1", 7)).toBe(answer);
  expect(calls.begin("chat-1", 8)).toBe("new");
});
