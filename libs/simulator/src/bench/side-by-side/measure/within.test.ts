import { expect, test } from "vitest";
import { within } from "./within.ts";

test("what is done in time is given, and fails as it fails", async () => {
  expect(await within(60, "it", Promise.resolve(7))).toBe(7);
  await expect(within(60, "it", Promise.reject(new Error("no")))).rejects.toThrow("no");
});

test("what takes too long is said by name", async () => {
  await expect(within(0.01, "the end", new Promise(() => {}))).rejects.toThrow("the end took more than 0.01 s");
});
