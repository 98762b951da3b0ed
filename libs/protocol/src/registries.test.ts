import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { closeCode, closeCodes, reconnectsAfter } from "./close-codes.ts";
import { type ErrorCode, errorCodes, errorFrame } from "./errors.ts";

const reference = readFileSync(join(import.meta.dirname, "../../../docs/protocol-reference.md"), "utf8");

describe("error codes", () => {
  const entries = Object.entries(errorCodes);

  test("are those of the contract", () => {
    expect(Object.keys(errorCodes)).toEqual([
      ...["bad_frame", "unauthenticated", "token_expired", "forbidden", "not_found", "not_member", "conflict"],
      ...["too_large", "rate_limited", "unavailable", "internal"],
    ]);
  });

  test("mean one thing each", () => {
    expect(new Set(entries.map(([, { meaning }]) => meaning)).size).toBe(entries.length);
    expect(new Set(entries.map(([, { when }]) => when)).size).toBe(entries.length);
  });

  test.each(entries)(
    "%s is documented with its meaning and whether to send again",
    (code, { meaning, retryable, when }) => {
      expect(reference).toContain(`| \`${code}\` | ${retryable ? "yes" : "no"} | ${meaning} | ${when} |`);
    },
  );

  test("what the contract says to send again is retryable, and nothing that was judged", () => {
    const retryable = entries.filter(([, entry]) => entry.retryable).map(([code]) => code);
    expect(retryable).toEqual(["rate_limited", "unavailable", "internal"]);
  });

  test("make frames that say only what is known", () => {
    expect(errorFrame("forbidden", "m")).toEqual({ type: "error", code: "forbidden", message: "m", retryable: false });
    expect(errorFrame("unavailable", "m", { id: "i", retryAfterMs: 0, unknown: true })).toEqual({
      type: "error",
      id: "i",
      code: "unavailable" satisfies ErrorCode,
      message: "m",
      retryable: true,
      retryAfterMs: 0,
      unknown: true,
    });
    const bare = errorFrame("internal", "m", { id: undefined, retryAfterMs: undefined, unknown: false });
    expect(Object.keys(bare)).toEqual(["type", "code", "message", "retryable"]);
  });
});

describe("close codes", () => {
  const entries = Object.entries(closeCodes);

  test("are those of the contract", () => {
    const ours = [4400, 4401, 4403, 4408, 4409, 4429, 4503];
    expect(Object.keys(closeCodes).map(Number)).toEqual([1001, 1003, 1009, ...ours]);
  });

  test("have one name and one meaning each, and each can be had by name", () => {
    expect(new Set(entries.map(([, { name }]) => name)).size).toBe(entries.length);
    expect(new Set(entries.map(([, { meaning }]) => meaning)).size).toBe(entries.length);
    expect(Object.values(closeCode).sort()).toEqual(Object.keys(closeCodes).map(Number));
  });

  test.each(entries)(
    "%s is documented with its meaning and whether to come back",
    (code, { meaning, name, reconnects }) => {
      expect(reference).toContain(`| ${code} | \`${name}\` | ${reconnects ? "yes" : "no"} | ${meaning} |`);
    },
  );

  test("tell a client whether to come back; a connection that simply fell says yes", () => {
    expect([1001, 1006, 1011, 4408, 4429, 4503].filter(reconnectsAfter)).toHaveLength(6);
    expect([1003, 1009, 4400, 4401, 4403, 4409].filter(reconnectsAfter)).toHaveLength(0);
  });
});
