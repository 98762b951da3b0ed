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

test("acks are remembered as they were said, and the oldest calls are forgotten", () => {
  const calls = new ForwardedCalls();
  const first = 2 ** 39 + 5;
  const done = { ok: true, seq: 12, time: 1_790_000_000_000, isDuplicate: false } as const;
  calls.begin("chat-1", first);
  calls.end("chat-1", first, done);
  calls.begin("chat-1", first + 1);
  calls.end("chat-1", first + 1, { ...done, isDuplicate: true });
  expect(calls.begin("chat-1", first)).toEqual(done);
  expect(calls.begin("chat-1", first + 1)).toEqual({ ...done, isDuplicate: true });
  calls.begin("chat-1", first + 8_192);
  expect(calls.begin("chat-1", first + 1)).toEqual({ ...done, isDuplicate: true });
  expect(calls.begin("chat-1", first)).toBe("new");
});

test("the refusal of a call that was forgotten is not said to the one in its place", () => {
  const calls = new ForwardedCalls();
  calls.begin("chat-1", 3);
  calls.end("chat-1", 3, refuse("not_member", "channel: you are not a member"));
  expect(calls.begin("chat-1", 3 + 8_192)).toBe("new");
  expect(calls.begin("chat-1", 3 + 8_192)).toBe("open");
  // The answer to a call whose place was taken comes too late to be remembered.
  calls.end("chat-1", 3, refuse("not_member", "channel: you are not a member"));
  expect(calls.begin("chat-1", 3 + 8_192)).toBe("open");
});
