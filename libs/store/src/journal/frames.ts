import { crc32 } from "node:zlib";
import type { LogEvent } from "../message-store.ts";

/**
 * One write of the journal. **Shape**: magic (4 bytes; the first is in no UTF-8 text), CRC32 of all that follows (4),
 * bytes of the events (4), number (6), then the events: each its JSON text and a line feed, so that a journal can be read
 * without Parley.
 *
 * All events of a write have one checksum: of a write that the power cut, the disk may hold any pages and not others, and
 * each event by itself could look like damage between good ones.
 */
export interface Frame {
  /** 1, 2, 3, … over both files; never used again. */
  readonly number: number;
  /** Where it begins and ends in its file. */
  readonly at: number;
  readonly end: number;
  /** The events, see above. */
  readonly lines: Buffer;
}

const magic = Buffer.from([0xff, 0x50, 0x4a, 0x31]);
const crcAt = 4;
const lengthAt = 8;
const numberAt = 12;
const numberBytes = 6;
const headerBytes = numberAt + numberBytes;
const lineFeed = 0x0a;

/** The bytes to write, and of each event the part that is its JSON text: what the tables keep, too. */
export function encodeFrame(
  number: number,
  events: readonly LogEvent[],
): { readonly bytes: Buffer; readonly values: readonly Buffer[] } {
  const texts = events.map((event) => JSON.stringify(event));
  let length = texts.length;
  for (const text of texts) length += Buffer.byteLength(text);
  // Of its own, not of Node's pool: the values are kept until the tables have them.
  const bytes = Buffer.allocUnsafeSlow(headerBytes + length);
  magic.copy(bytes);
  bytes.writeUInt32BE(length, lengthAt);
  bytes.writeUIntBE(number, numberAt, numberBytes);
  let at = headerBytes;
  const values = texts.map((text) => {
    const from = at;
    at += bytes.write(text, at);
    bytes[at] = lineFeed;
    at += 1;
    return bytes.subarray(from, at - 1);
  });
  bytes.writeUInt32BE(crc32(bytes.subarray(lengthAt)), crcAt);
  return { bytes, values };
}

/** Every whole frame of a file, wherever it lies: behind the newest, older ones are left that were not written over. */
export function findFrames(file: Buffer): readonly Frame[] {
  const frames: Frame[] = [];
  for (let at = file.indexOf(magic); at >= 0; ) {
    const frame = frameAt(file, at);
    if (frame !== undefined) frames.push(frame);
    at = file.indexOf(magic, frame?.end ?? at + 1);
  }
  return frames;
}

function frameAt(file: Buffer, at: number): Frame | undefined {
  const from = at + headerBytes;
  if (from > file.length) return undefined;
  const end = from + file.readUInt32BE(at + lengthAt);
  if (end > file.length) return undefined;
  if (crc32(file.subarray(at + lengthAt, end)) !== file.readUInt32BE(at + crcAt)) return undefined;
  return { number: file.readUIntBE(at + numberAt, numberBytes), at, end, lines: file.subarray(from, end) };
}

/** **Errors**: throws where a line is no JSON, which a right checksum rules out but for a mistake of ours. */
export function eventsOf(frame: Frame): readonly { readonly event: LogEvent; readonly value: Buffer }[] {
  const events: { event: LogEvent; value: Buffer }[] = [];
  for (let from = 0; from < frame.lines.length; ) {
    const to = frame.lines.indexOf(lineFeed, from);
    const value = frame.lines.subarray(from, to);
    events.push({ event: JSON.parse(value.toString()), value });
    from = to + 1;
  }
  return events;
}
