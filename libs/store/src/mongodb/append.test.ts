import { expect, test } from "vitest";
import { StoreError } from "../message-store.ts";
import { judgeAnswer } from "./append.ts";

const refusal = { index: 2, code: 11_000, errmsg: "E11000 duplicate key" };

test("all in means: ok, as many as were sent, no error of any kind", () => {
  expect(judgeAnswer({ ok: 1, n: 3 }, 3)).toBeUndefined();
});

test("refused means: one duplicate key, and exactly those before it were inserted", () => {
  expect(judgeAnswer({ ok: 1, n: 2, writeErrors: [refusal] }, 5)).toBe(2);
  expect(judgeAnswer({ ok: 1, n: 0, writeErrors: [{ ...refusal, index: 0 }] }, 1)).toBe(0);
});

test.each([
  ["fewer than were sent, and no error", { ok: 1, n: 2 }],
  ["more inserted than lie before the refused one", { ok: 1, n: 4, writeErrors: [refusal] }],
  ["two refusals of an ordered insert", { ok: 1, n: 2, writeErrors: [refusal, { ...refusal, index: 3 }] }],
  ["another write error", { ok: 1, n: 2, writeErrors: [{ index: 2, code: 112 }] }],
  ["all in, but not on a majority", { ok: 1, n: 5, writeConcernError: { code: 64 } }],
  [
    "a refusal, but what is before it is not on a majority",
    { ok: 1, n: 2, writeErrors: [refusal], writeConcernError: {} },
  ],
  ["not ok", { ok: 0, n: 5 }],
  ["nothing", {}],
])("anything unclear is unknown: %s", (_, answer) => {
  expect(() => judgeAnswer(answer, 5)).toThrow(StoreError);
  expect(() => judgeAnswer(answer, 5)).toThrow(expect.objectContaining({ code: "unknown" }));
});
