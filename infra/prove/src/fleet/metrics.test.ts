import { expect, test } from "vitest";
import { parseMetrics } from "./metrics.ts";

test("the metrics of a process are sums over their labels", () => {
  const metrics = parseMetrics(
    '# HELP parley_chat_sessions Attached sessions.\nparley_chat_sessions{node="a"} 3\nparley_chat_sessions{node="b"} 4\nup 1\n',
  );
  expect(metrics.get("parley_chat_sessions")).toBe(7);
  expect(metrics.get("up")).toBe(1);
  expect(metrics.get("other")).toBeUndefined();
});
