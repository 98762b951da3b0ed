import { expect, test } from "vitest";
import { SeenRequests } from "./seen-requests.ts";

test("what was added last is known, and what was not is not", () => {
  const seen = new SeenRequests();
  expect(seen.mayHave("ada", "m1")).toBe(false);
  for (let at = 0; at < 5_000; at++) {
    seen.add("ada", `m${at}`);
    expect(seen.mayHave("ada", `m${at}`)).toBe(true);
  }
  expect(seen.mayHave("grace", "m4999")).toBe(false);
  expect(seen.mayHave("ada", "m5000")).toBe(false);
});

test("most of the last five hundred are known", () => {
  const seen = new SeenRequests();
  for (let at = 0; at < 20_000; at++) seen.add("ada", `m${at}`);
  const known = Array.from({ length: 500 }, (_, at) => `m${19_999 - at}`).filter((id) => seen.mayHave("ada", id));
  expect(known.length).toBeGreaterThan(350);
  const old = Array.from({ length: 10_000 }, (_, at) => `m${at}`).filter((id) => seen.mayHave("ada", id));
  expect(old.length).toBeLessThan(20);
});

test("what is known stays known while the table grows, but for what shares a place", () => {
  const seen = new SeenRequests();
  for (let at = 0; at < 64; at++) seen.add("ada", `m${at}`);
  const known = Array.from({ length: 64 }, (_, at) => `m${at}`).filter((id) => seen.mayHave("ada", id));
  expect(known.length).toBeGreaterThan(40);
});
