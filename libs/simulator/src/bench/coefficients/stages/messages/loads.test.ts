import { expect, test } from "vitest";
import { wordsOf } from "../../reckon/messages.ts";
import { framesOf, tallFleet, wideFleet } from "./loads.ts";

test("link frames of a room: pairs of gateway and chat server that its members are on", () => {
  expect(framesOf(wideFleet, 2)).toBe(2);
  // Five on each of two gateways, each of them on one of two chat servers: one is without any in 2 of 32 cases.
  expect(framesOf(wideFleet, 10)).toBeCloseTo(2 * (2 - 2 / 32), 10);
  expect(framesOf(tallFleet, 2)).toBe(1);
  expect(framesOf(tallFleet, 4)).toBe(2);
});

test("words between chat servers: to the home, and from it to each other server with a member", () => {
  expect(wordsOf({ chatServers: 1, members: 100 })).toBe(0);
  // Half are sent to the other server; of two members both are there in half of the cases.
  expect(wordsOf({ chatServers: 2, members: 2 })).toBe(0.5 * (1 + 1.5));
});
