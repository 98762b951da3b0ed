import { expect, test } from "vitest";
import { FrameList } from "./frame-list.ts";

const payload = (length: number, fill = "a"): Uint8Array => Buffer.alloc(length, fill);

test.each([
  [0, [0x81, 0]],
  [125, [0x81, 125]],
  [126, [0x81, 126, 0, 126]],
  [65_535, [0x81, 126, 255, 255]],
  [65_536, [0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]],
])("a frame of %i bytes has the header that RFC 6455 asks for", (length, header) => {
  const joined = new FrameList().with(payload(length)).joined();
  expect([...joined.subarray(0, header.length)]).toEqual(header);
  expect(joined).toHaveLength(header.length + length);
});

test("frames stand in the order in which they were added", () => {
  const list = new FrameList().with(payload(1, "a")).with(payload(2, "b")).with(payload(3, "c"));
  expect(list.joined().toString("latin1")).toBe("\x81\x01a\x81\x02bb\x81\x03ccc");
  expect([list.frames, list.bytes]).toEqual([3, 12]);
});

test("the same frames in the same order share one buffer; another order does not", () => {
  const [a, b, c] = [payload(1), payload(1), payload(1)];
  const root = new FrameList();
  const first = root.with(a).with(b);
  const other = root.with(b).with(a);
  root.with(c);
  const second = root.with(a).with(b);
  expect(second.joined()).toBe(first.joined());
  expect(other.joined()).not.toBe(first.joined());
});

test("payloads are told apart by identity, also among thousands", () => {
  const root = new FrameList();
  const payloads = Array.from({ length: 2_000 }, () => payload(1));
  const lists = payloads.map((one) => root.with(one));
  expect(new Set(lists).size).toBe(2_000);
  expect(payloads.every((one, i) => root.with(one) === lists[i])).toBe(true);
});
