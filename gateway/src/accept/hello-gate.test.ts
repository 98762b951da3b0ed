import { expect, onTestFinished, test, vi } from "vitest";
import { HelloGate } from "./hello-gate.ts";

function makeGate(options: Partial<ConstructorParameters<typeof HelloGate>[0]> = {}) {
  vi.useFakeTimers();
  onTestFinished(() => {
    vi.useRealTimers();
  });
  return new HelloGate({ perSecond: 10, burst: 2, queuedMax: 3, now: () => Date.now(), ...options });
}

test("a burst enters at once, the rest in order at the rate, and what is too much is refused at once", async () => {
  const gate = makeGate();
  const events: string[] = [];
  const enter = (name: string) => gate.enter().then((isIn) => events.push(`${name} ${isIn ? "in" : "refused"}`));
  for (const name of ["a", "b", "c", "d", "e", "f"]) void enter(name);
  await vi.advanceTimersByTimeAsync(0);
  expect(events).toEqual(["a in", "b in", "f refused"]);
  await vi.advanceTimersByTimeAsync(150);
  expect(events).toEqual(["a in", "b in", "f refused", "c in"]);
  await vi.advanceTimersByTimeAsync(250);
  expect(events.slice(3)).toEqual(["c in", "d in", "e in"]);
  expect(vi.getTimerCount()).toBe(0);
});

test("after a quiet time no more than the burst enters at once", async () => {
  const gate = makeGate();
  await vi.advanceTimersByTimeAsync(60_000);
  const results: boolean[] = [];
  for (let i = 0; i < 4; i++) void gate.enter().then((isIn) => results.push(isIn));
  await vi.advanceTimersByTimeAsync(0);
  expect(results).toEqual([true, true]);
  gate.close();
});

test("a gate that closes refuses those who wait and leaves no timer", async () => {
  const gate = makeGate({ burst: 1 });
  await gate.enter();
  const waiting = gate.enter();
  gate.close();
  expect(await waiting).toBe(false);
  expect(vi.getTimerCount()).toBe(0);
});
