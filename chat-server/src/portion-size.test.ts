import { expect, test } from "vitest";
import { PortionSize } from "./portion-size.ts";

test("portions grow while they are quick, and shrink where the store takes its time, within bounds", () => {
  const size = new PortionSize();
  for (let turn = 0; turn < 10; turn++) size.learn(size.count, 2);
  expect(size.count).toBe(250);
  size.learn(250, 300);
  expect(size.count).toBe(125);
  for (let turn = 0; turn < 10; turn++) size.learn(size.count, 300);
  expect(size.count).toBe(8);
});

test("a portion that was not full says nothing of a larger one, and one of middling length nothing at all", () => {
  const size = new PortionSize();
  const before = size.count;
  size.learn(before - 1, 0);
  size.learn(before, 20);
  expect(size.count).toBe(before);
});
