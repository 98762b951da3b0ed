import { asBuffer, CodecError, FieldReader, flatCursors } from "./codec-read.ts";
import type { DownFrame } from "./link.ts";

/** The first field of each packed frame; numbers are never reused. */
const tag = {
  attached: 1,
  events: 2,
  gap: 3,
  reset: 4,
  track: 5,
  untrack: 6,
  direct: 7,
  cast: 8,
  settled: 9,
  keep: 10,
  close: 11,
  reattach: 12,
} as const;

export function packDown(frame: DownFrame): unknown[] {
  switch (frame.type) {
    case "events":
      return [tag.events, frame.attachments, frame.channel, frame.from, frame.payloads.map(asBuffer)];
    case "direct":
      return [tag.direct, frame.attachment, frame.ordinal ?? null, asBuffer(frame.payload)];
    case "cast":
      return [tag.cast, frame.attachments, asBuffer(frame.payload)];
    case "settled":
      return [tag.settled, frame.attachment, frame.ordinals];
    case "attached": {
      const payload = frame.payload ? asBuffer(frame.payload) : null;
      return [tag.attached, frame.attachment, flatCursors(frame.baseline), payload];
    }
    case "gap":
      return [tag.gap, frame.attachment, frame.channel, frame.to];
    case "reset":
      return [tag.reset, frame.attachment, frame.channel, frame.head, asBuffer(frame.payload)];
    case "track":
      return [tag.track, frame.attachment, frame.channel, frame.cursor];
    case "untrack":
      return [tag.untrack, frame.attachment, frame.channel];
    case "keep":
      return [tag.keep, frame.attachment, asBuffer(frame.kept), frame.tokenExpiresAt ?? null];
    case "close":
      return [tag.close, frame.attachment, frame.code, frame.reason];
    case "reattach":
      return [tag.reattach, frame.attachment];
  }
}

/** **Errors**: CodecError. */
export function unpackDown(packed: unknown): DownFrame {
  const fields = new FieldReader(packed);
  const kind = fields.count();
  switch (kind) {
    case tag.events:
      return {
        type: "events",
        attachments: fields.counts(),
        channel: fields.text(),
        from: fields.count(),
        payloads: fields.payloads(),
      };
    case tag.cast:
      return { type: "cast", attachments: fields.counts(), payload: fields.bytes() };
  }
  const attachment = fields.count();
  switch (kind) {
    case tag.direct: {
      const ordinal = fields.optional(() => fields.count());
      const payload = fields.bytes();
      return { type: "direct", attachment, payload, ...(ordinal !== undefined && { ordinal }) };
    }
    case tag.settled:
      return { type: "settled", attachment, ordinals: fields.counts() };
    case tag.attached: {
      const baseline = fields.cursors();
      const payload = fields.optional(() => fields.bytes());
      return { type: "attached", attachment, baseline, ...(payload !== undefined && { payload }) };
    }
    case tag.gap:
      return { type: "gap", attachment, channel: fields.text(), to: fields.count() };
    case tag.reset:
      return {
        type: "reset",
        attachment,
        channel: fields.text(),
        head: fields.count(),
        payload: fields.bytes(),
      };
    case tag.track:
      return { type: "track", attachment, channel: fields.text(), cursor: fields.count() };
    case tag.untrack:
      return { type: "untrack", attachment, channel: fields.text() };
    case tag.keep: {
      const kept = fields.bytes();
      const tokenExpiresAt = fields.optional(() => fields.count());
      return { type: "keep", attachment, kept, ...(tokenExpiresAt !== undefined && { tokenExpiresAt }) };
    }
    case tag.close:
      return { type: "close", attachment, code: fields.count(), reason: fields.text() };
    case tag.reattach:
      return { type: "reattach", attachment };
    default:
      throw new CodecError(`unknown frame ${kind}`);
  }
}
