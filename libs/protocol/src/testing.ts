import type { ClientFrame } from "./client-frames.ts";
import type { ErrorCode } from "./errors.ts";
import { parseClientFrame } from "./parse.ts";
import type { ErrorFrame } from "./server-frames.ts";

export { clientExamples, eventExamples, serverExamples } from "./examples.ts";

/** Text or bytes as they are, anything else as JSON. */
export type FrameInput = Uint8Array | string | object;

/** The parsed frame; throws what the parser said where it was refused. */
export function frameOf(input: FrameInput): ClientFrame {
  const result = parseClientFrame(asInput(input));
  if (!result.ok) throw new Error(`refused: ${result.error.message}`);
  return result.frame;
}

/** What the parser says of a frame that it refuses; throws where it was taken. */
export function messageOf(input: FrameInput): string {
  return refusalOf(input).message;
}

export function codeOf(input: FrameInput): ErrorCode {
  return refusalOf(input).code;
}

function refusalOf(input: FrameInput): ErrorFrame {
  const result = parseClientFrame(asInput(input));
  if (result.ok) throw new Error(`was taken: ${JSON.stringify(result.frame).slice(0, 200)}`);
  return result.error;
}

function asInput(input: FrameInput): Uint8Array | string {
  return typeof input === "string" || input instanceof Uint8Array ? input : JSON.stringify(input);
}
