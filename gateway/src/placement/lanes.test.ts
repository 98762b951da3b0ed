import { expect, test } from "vitest";
import { Lanes } from "./lanes.ts";

test("jobs run first come, first served, never more at a time than there are lanes", async () => {
  const lanes = new Lanes(3);
  const order: number[] = [];
  let running = 0;
  let most = 0;
  await new Promise<void>((resolve) => {
    for (let i = 0; i < 20; i++) {
      lanes.add(async () => {
        order.push(i);
        running += 1;
        most = Math.max(most, running);
        await new Promise(setImmediate);
        running -= 1;
        if (order.length === 20 && running === 0) resolve();
      });
    }
  });
  expect(order).toEqual(Array.from({ length: 20 }, (_, i) => i));
  expect(most).toBe(3);
});

test("a lane that was empty is used again", async () => {
  const lanes = new Lanes(1);
  await new Promise<void>((resolve) => lanes.add(async () => resolve()));
  await new Promise<void>((resolve) => lanes.add(async () => resolve()));
});
