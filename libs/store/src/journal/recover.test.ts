import fc from "fast-check";
import { expect, test } from "vitest";
import { messages } from "../testing/contract/subject.ts";
import { encodeFrame, eventsOf, findFrames } from "./frames.ts";
import type { JournalFile } from "./journal-file.ts";
import { readJournal } from "./recover.ts";

function fileOf(path: string, bytes: Buffer): JournalFile {
  const nothing = async (): Promise<void> => {};
  return { path, read: async () => bytes, write: nothing, truncate: nothing, close: nothing };
}

const frameOf = (number: number): Buffer => encodeFrame(number, messages("c", number, number)).bytes;
const framesOf = (from: number, to: number): Buffer[] =>
  Array.from({ length: to - from + 1 }, (_, index) => frameOf(from + index));
const numbersOf = async (files: readonly Buffer[], drained: number): Promise<readonly number[]> => {
  const found = await readJournal(
    files.map((bytes, index) => fileOf(`journal-${index}`, bytes)),
    drained,
  );
  return found.map(({ number }) => number);
};

test("a frame gives back its events, lone surrogates too, and the very bytes of each", () => {
  const odd = messages("c", 1, 3).map((event) => ({
    ...event,
    body: { kind: "message", text: `\ud83d ÿPJ1 \n ${"é".repeat(event.seq)}` } as const,
  }));
  const { bytes, values } = encodeFrame(7, odd);
  const [frame, ...rest] = findFrames(bytes);
  if (frame === undefined) throw new Error("no frame");
  expect(rest).toEqual([]);
  expect([frame.number, frame.at, frame.end]).toEqual([7, 0, bytes.length]);
  expect(eventsOf(frame).map(({ event }) => event)).toEqual(odd);
  expect(eventsOf(frame).map(({ value }) => value.toString())).toEqual(values.map((value) => value.toString()));
});

test("whatever the last write left, what was acked is found, and nothing else", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 5 }),
      fc.integer({ min: 0, max: 5 }),
      fc.integer({ min: 0, max: 5 }),
      fc.nat(),
      fc.uint8Array({ maxLength: 400 }),
      async (drained, inOther, inThis, cut, garbage) => {
        const last = drained + inOther + inThis;
        const stale = framesOf(1, drained);
        // Over older records, of which any part is left.
        const other = Buffer.concat([...framesOf(drained + 1, drained + inOther), ...stale]);
        const torn = frameOf(last + 1);
        const write = torn.subarray(0, cut % torn.length);
        const tail = Buffer.concat([...stale, Buffer.from(garbage)]).subarray(write.length);
        const file = Buffer.concat([...framesOf(drained + inOther + 1, last), write, tail]);
        const expected = Array.from({ length: last - drained }, (_, index) => drained + 1 + index);
        expect(await numbersOf([other, file], drained)).toEqual(expected);
        expect(await numbersOf([file, other], drained)).toEqual(expected);
      },
    ),
  );
});

test("any byte of a record that is wrong, with a good record after it, is damage", async () => {
  const whole = Buffer.concat(framesOf(3, 5));
  const [, second] = findFrames(whole);
  for (let at = second?.at ?? 0; at < (second?.end ?? 0); at += 1) {
    const bytes = Buffer.from(whole);
    bytes[at] = (bytes[at] ?? 0) ^ 0x20;
    await expect(numbersOf([Buffer.alloc(0), bytes], 2)).rejects.toThrow(
      `journal-1 is damaged at offset ${second?.at}`,
    );
    // Of no matter where the tables have it.
    expect(await numbersOf([bytes, Buffer.alloc(0)], 4)).toEqual([5]);
  }
});
