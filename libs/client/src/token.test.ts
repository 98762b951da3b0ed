import { expect, test } from "vitest";
import { refreshDelayMs, tokenExpiry } from "./token.ts";

const withClaims = (claims: unknown): string =>
  `e30.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.signature`;

test("exp is read as ms, whatever characters the payload is made of", () => {
  expect(tokenExpiry(withClaims({ exp: 1_800_000_000, name: "Åsa 🦊??>>" }))).toBe(1_800_000_000_000);
});

test.each([["opaque"], ["a.b.c"], [withClaims({})], [withClaims({ exp: "soon" })], [withClaims(null)], [""]])(
  "%s tells no expiry",
  (token) => {
    expect(tokenExpiry(token)).toBeUndefined();
  },
);

test("a long token is refreshed a minute before its end, a short one after four fifths, an ended one not in a loop", () => {
  expect(refreshDelayMs(3_600_000, 0)).toBe(3_540_000);
  expect(refreshDelayMs(60_000, 0)).toBe(48_000);
  expect(refreshDelayMs(0, 60_000)).toBe(1_000);
});
