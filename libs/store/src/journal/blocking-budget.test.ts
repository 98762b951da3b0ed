import { expect, test } from "vitest";
import { BlockingBudget } from "./blocking-budget.ts";

test("one slow call among quick ones does not stop blocking, a slow disk does, and a disk that is quick again is found out", () => {
  const budget = new BlockingBudget();
  expect(budget.mayBlock).toBe(true);
  for (let call = 0; call < 100; call++) budget.took(0.2);
  budget.took(20);
  expect(budget.mayBlock).toBe(true);
  for (let call = 0; call < 10; call++) budget.took(5);
  expect(budget.mayBlock).toBe(false);
  for (let call = 0; call < 100; call++) budget.took(0.3);
  expect(budget.mayBlock).toBe(true);
});
