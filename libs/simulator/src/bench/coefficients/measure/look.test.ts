import { expect, test } from "vitest";
import { infoField, parseIo } from "./look.ts";
import { mapTotals, minus, perSecond } from "./window.ts";

test("bytes of a process are all that it read and wrote, not what reached the disk", () => {
  expect(parseIo("rchar: 100\nwchar: 23\nsyscr: 7\nsyscw: 7\nread_bytes: 4096\nwrite_bytes: 4096\n")).toBe(123);
  expect(parseIo("nothing")).toBeNaN();
});

test("a field of INFO is found by its whole name", () => {
  const info = "# Stats\r\nused_memory_rss:9\r\nused_memory:1234\r\ntotal_net_output_bytes:77\r\n";
  expect(infoField(info, "used_memory")).toBe(1_234);
  expect(infoField(info, "total_net_output_bytes")).toBe(77);
  expect(infoField(info, "net_output_bytes")).toBeNaN();
});

test("a rate is what has grown over the time between two looks; idling is taken off field by field", () => {
  const totals = (value: number) => mapTotals((name) => (name === "publishes" ? 2 * value : value));
  const rates = perSecond({ at: 1_000, totals: totals(10) }, { at: 3_000, totals: totals(30) });
  expect(rates).toEqual(totals(10));
  expect(minus(rates, totals(4))).toEqual(totals(6));
});
