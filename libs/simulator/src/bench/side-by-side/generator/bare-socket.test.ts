import { expect, test } from "vitest";
import { nameOf, numberAfter, textOf } from "./bare-socket.ts";

const marker = Buffer.from('"text":"m');
const read = (frame: string, from = 0): number => numberAfter(Buffer.from(frame), marker, from);

test.each([0, 1, 12_345_678, 99_999_999])("the number %i that a text carries is read from its frame", (message) => {
  expect(read(`{"type":"event","text":${JSON.stringify(textOf(message))}}`)).toBe(message);
});

test("a name is as long for any number, so that frames are", () => {
  expect(nameOf(7)).toBe("m00000007");
  expect(textOf(99_999_999)).toHaveLength(textOf(0).length);
});

test.each([
  ["another text", '{"text":"hello there, friend"}'],
  ["no text", '{"type":"ack","id":"m00000007"}'],
  ["a digit that is none", '{"text":"m0000x007 as people"}'],
  ["an end too early", '{"text":"m0000'],
  ["nothing", ""],
])("%s carries no number", (_name, frame) => {
  expect(read(frame)).toBe(-1);
});

test("what stands before the place is not looked at", () => {
  const frame = '{"text":"m00000001 a","text":"m00000002 b"}';
  expect([read(frame), read(frame, 3)]).toEqual([1, 2]);
  expect(read(frame, frame.length - 5)).toBe(-1);
});
