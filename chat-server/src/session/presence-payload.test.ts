import type { PresenceFrame } from "@parley/protocol";
import { expect, test } from "vitest";
import { encodePresence, parsePresence } from "./presence-payload.ts";

test("what is told of somebody's presence is heard as it was told", () => {
  const frames: readonly PresenceFrame[] = [
    { type: "presence", user: "ada", status: "online" },
    { type: "presence", user: "ada", status: "offline", lastSeen: 1_790_000_000_000 },
  ];
  for (const frame of frames) expect(parsePresence(encodePresence(frame))).toEqual(frame);
});

test("bytes that tell nothing of anybody are nothing, and no error", () => {
  const texts = [
    "",
    "{",
    "null",
    "5",
    "[]",
    "{}",
    '{"user":5,"status":"online"}',
    '{"user":"ada","status":"away"}',
    "\xff",
  ];
  for (const text of texts) expect(parsePresence(Buffer.from(text, "latin1")), text).toBeUndefined();
});
