import { expect, test } from "vitest";
import { waitForRedis } from "./wait-for-redis.ts";

test("waiting ends early when it is told to, with the reason given", async () => {
  const lines: string[] = [];
  const stop = new AbortController();
  const nobodyThere = { kind: "standalone", url: "redis://:secret@127.0.0.1:1" } as const;
  const waiting = waitForRedis(
    nobodyThere,
    (line) => {
      lines.push(line);
      if (lines.length === 2) stop.abort(new Error("enough"));
    },
    { signal: stop.signal },
  );
  await expect(waiting).rejects.toThrow("enough");
  expect(lines).toEqual([
    "Waiting for Redis at 127.0.0.1:1 (1 s): it does not answer yet.",
    "Waiting for Redis at 127.0.0.1:1 (2 s): it does not answer yet.",
  ]);
});

test("a signal that was given before ends it at once", async () => {
  const options = { signal: AbortSignal.abort(new Error("never mind")) };
  const nobodyThere = { kind: "standalone", url: "redis://127.0.0.1:1" } as const;
  await expect(waitForRedis(nobodyThere, () => undefined, options)).rejects.toThrow("never mind");
});
