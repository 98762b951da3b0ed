import type { DownFrame, UpFrame } from "./link.ts";

/** Fields and framing of a frame without its payloads; measured sizes are 20 to 120 bytes. */
const frameBytes = 64;

/** About how many bytes a frame takes on the wire; for bounds, so never less than its payloads. */
export function frameWeight(frame: UpFrame | DownFrame): number {
  switch (frame.type) {
    case "request":
      return frameBytes + frame.bytes.length;
    case "events": {
      let bytes = frameBytes + frame.attachments.length * 5;
      for (const payload of frame.payloads) bytes += payload.length + 5;
      return bytes;
    }
    case "cast":
      return frameBytes + frame.attachments.length * 5 + frame.payload.length;
    case "direct":
    case "reset":
      return frameBytes + frame.payload.length;
    case "attach":
      return 4 * frameBytes + frame.cursors.length * 40 + (frame.kept?.length ?? 0);
    case "attached":
      return frameBytes + frame.baseline.length * 40 + (frame.payload?.length ?? 0);
    case "keep":
      return frameBytes + frame.kept.length;
    case "settled":
      return frameBytes + frame.ordinals.length * 5;
    default:
      return frameBytes;
  }
}
