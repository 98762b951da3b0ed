import { describe, expect, test } from "vitest";
import { Admission, freeRequests } from "./admission.ts";

const limits = { requestsMax: 5_000, bytesMax: 1_000_000, waitMs: 1_000 };

/** The store settles one request of those that wait every `everyMs`, while `wait` are kept waiting. */
function settleFor(admission: Admission, ms: number, everyMs: number, from: number): number {
  let now = from;
  for (; now < from + ms; now += everyMs) {
    admission.leave(100, now);
    admission.tryEnter(100, now);
  }
  return now;
}

function fill(admission: Admission, now: number): number {
  let count = 0;
  while (admission.tryEnter(100, now) === undefined) count += 1;
  return count;
}

describe("admission", () => {
  test("below, at and above the bound of requests", () => {
    const admission = new Admission({ ...limits, requestsMax: 3 });
    for (let n = 0; n < 3; n++) expect(admission.tryEnter(1, 0)).toBeUndefined();
    expect(admission.tryEnter(1, 0)).toBe(500);
    admission.leave(1, 0);
    expect(admission.tryEnter(1, 0)).toBeUndefined();
  });

  test("below, at and above the bound of bytes", () => {
    const admission = new Admission({ ...limits, bytesMax: 1_000 });
    expect(admission.tryEnter(600, 0)).toBeUndefined();
    expect(admission.tryEnter(400, 0)).toBeUndefined();
    expect(admission.tryEnter(1, 0)).toBe(500);
    expect(admission.waiting).toEqual({ requests: 2, bytes: 1_000 });
  });

  test("lets so many in as the store settles within the wait, and says when to come again", () => {
    const admission = new Admission(limits);
    for (let n = 0; n < freeRequests; n++) admission.tryEnter(100, 0);
    const now = settleFor(admission, 5_000, 1, 0);
    // 1,000 a second, so a second's worth may wait.
    fill(admission, now);
    expect(admission.waiting.requests).toBeGreaterThan(950);
    expect(admission.waiting.requests).toBeLessThan(1_050);
    const retryAfterMs = admission.tryEnter(100, now) ?? 0;
    expect(retryAfterMs).toBeGreaterThan(950);
    expect(retryAfterMs).toBeLessThan(1_100);
  });

  test("a burst on a quiet server is let in, whatever little was settled before", () => {
    const admission = new Admission(limits);
    for (let now = 0; now < 60_000; now += 1_000) {
      admission.tryEnter(100, now);
      admission.leave(100, now + 2);
    }
    expect(fill(admission, 60_000)).toBeGreaterThanOrEqual(freeRequests);
  });

  test("before any rate is known the free ones get in, and no more", () => {
    expect(fill(new Admission(limits), 0)).toBe(freeRequests);
  });

  test("while the store stands still no more than the free ones get in, and the pause grows to its bound", () => {
    const admission = new Admission(limits);
    for (let n = 0; n < freeRequests; n++) admission.tryEnter(100, 0);
    let now = settleFor(admission, 5_000, 1, 0);
    for (let look = 0; look < 30; look++) {
      now += 1_000;
      admission.tryEnter(100, now);
    }
    expect(admission.waiting.requests).toBeLessThan(1_100);
    expect(admission.tryEnter(100, now)).toBe(5_000);
  });
});
