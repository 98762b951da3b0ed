import { asBuffer, CodecError, FieldReader, flatCursors } from "./codec-read.ts";
import type { UpFrame } from "./link.ts";

/** The first field of each packed frame; numbers are never reused. */
const tag = { attach: 1, request: 2, detach: 3 } as const;

export function packUp(frame: UpFrame): unknown[] {
  switch (frame.type) {
    case "request":
      return [tag.request, frame.attachment, frame.ordinal, frame.isRepeat, asBuffer(frame.bytes)];
    case "attach":
      return [
        tag.attach,
        frame.attachment,
        frame.connection,
        frame.user,
        frame.device,
        frame.name ?? null,
        frame.tokenExpiresAt,
        frame.isNew,
        flatCursors(frame.cursors),
        frame.kept ? asBuffer(frame.kept) : null,
        frame.since,
        frame.ageMs,
      ];
    case "detach":
      return [tag.detach, frame.attachment, frame.isMoving];
  }
}

/** **Errors**: CodecError. */
export function unpackUp(packed: unknown): UpFrame {
  const fields = new FieldReader(packed);
  const kind = fields.count();
  const attachment = fields.count();
  switch (kind) {
    case tag.request:
      return {
        type: "request",
        attachment,
        ordinal: fields.count(),
        isRepeat: fields.flag(),
        bytes: fields.bytes(),
      };
    case tag.attach: {
      const connection = fields.text();
      const user = fields.text();
      const device = fields.text();
      const name = fields.optional(() => fields.text());
      const tokenExpiresAt = fields.count();
      const isNew = fields.flag();
      const cursors = fields.cursors();
      const kept = fields.optional(() => fields.bytes());
      const since = fields.count();
      const ageMs = fields.count();
      return {
        type: "attach",
        attachment,
        connection,
        user,
        device,
        tokenExpiresAt,
        isNew,
        cursors,
        since,
        ageMs,
        ...(name !== undefined && { name }),
        ...(kept !== undefined && { kept }),
      };
    }
    case tag.detach:
      return { type: "detach", attachment, isMoving: fields.flag() };
    default:
      throw new CodecError(`unknown frame ${kind}`);
  }
}
