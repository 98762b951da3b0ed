import type { TObject, TProperties } from "typebox";
import { Compile } from "typebox/compile";
import type { ClientFrame } from "./client-frames.ts";
import type { ErrorCode } from "./errors.ts";
import { eventSchemas } from "./event-frames.ts";
import { parseClientFrame } from "./parse.ts";
import { type ErrorFrame, type ServerFrame, serverFrameSchemas } from "./server-frames.ts";

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

const serverValidators = new Map(
  Object.entries<TObject<TProperties>>({ ...serverFrameSchemas, ...prefixed(eventSchemas) }).map(([name, schema]) => [
    name,
    Compile(schema),
  ]),
);

/**
 * For tests of whoever sends frames to clients: the frame, if it is of the contract to the letter (bounds held, no
 * field that the contract does not name). Throws with the reason and the frame otherwise.
 */
export function mustBeServerFrame(json: string): ServerFrame {
  const frame: Record<string, unknown> = JSON.parse(json);
  const validator = serverValidators.get(frame.type === "event" ? `event.${frame.kind}` : String(frame.type));
  if (validator === undefined) throw new Error(`no frame of a server: ${json}`);
  const [error] = validator.Errors(frame);
  if (error !== undefined) throw new Error(`${error.instancePath} ${error.message}: ${json}`);
  const known = Object.keys((validator.Type() as TObject<TProperties>).properties);
  const unknown = Object.keys(frame).filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new Error(`the contract knows no ${unknown.join(", ")}: ${json}`);
  return frame as ServerFrame;
}

function prefixed<Value>(record: Readonly<Record<string, Value>>): Record<string, Value> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [`event.${name}`, value]));
}
