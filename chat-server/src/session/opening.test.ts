import { expect, test } from "vitest";
import { type Clock, systemClock } from "../clock.ts";
import { isOlder, openingOf } from "./opening.ts";

const hourMs = 3_600_000;
const begin = 1_790_000_000_000;

/** At `atMs` word comes of a socket that was opened at `openedMs`, through a gateway whose clock is so far ahead. */
function heard(openedMs: number, atMs: number, aheadMs = 0, underWayMs = 0) {
  const clock: Clock = { ...systemClock, now: () => atMs, wallNow: () => begin + atMs };
  return openingOf({ since: begin + openedMs + aheadMs, ageMs: atMs - underWayMs - openedMs }, clock);
}

test.each([hourMs, -hourMs, 0])(
  "a hello just now is the newer socket, though the other gateway is %d ms ahead",
  (ahead) => {
    expect(isOlder(heard(8_000, 8_025), heard(0, 300, ahead), true)).toBe(false);
    expect(isOlder(heard(100, 110), heard(0, 300, ahead, 290), true)).toBe(false);
  },
);

test.each([hourMs, -hourMs, 0])("attached again, the one opened later stays; that gateway is %d ms ahead", (ahead) => {
  expect(isOlder(heard(0, 60_000), heard(50_000, 60_000, ahead), false)).toBe(true);
  expect(isOlder(heard(50_000, 60_000, ahead), heard(0, 60_000), false)).toBe(false);
});

test.each([hourMs, -hourMs, 0])(
  "a hello that a gateway %d ms ahead was too busy to read for seconds is older than the socket that came instead",
  (ahead) => {
    expect(isOlder(heard(0, 4_000, ahead), heard(3_000, 3_100), true)).toBe(true);
  },
);

test("two that waited for this server are told apart by their gateways' clocks, if these are right", () => {
  const first = heard(0, 900, 0, 850);
  const second = heard(400, 900, 0, 450);
  expect(isOlder(first, second, false)).toBe(true);
  expect(isOlder(second, first, true)).toBe(false);
});

test("of two opened at the same moment the later attached stays", () => {
  expect(isOlder(heard(0, 10), heard(0, 10), false)).toBe(false);
});
