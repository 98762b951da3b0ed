import type { TSchema } from "typebox";
import { Compile } from "typebox/compile";
import { errorCodes } from "./errors.ts";
import { eventSchemas } from "./event-frames.ts";
import { lenient } from "./lenient.ts";
import { type ServerFrame, serverFrameSchemas } from "./server-frames.ts";

type Fields = Record<string, unknown>;

const validators = new Map<string, (value: unknown) => boolean>();

/**
 * Reads one frame of a server, for clients. **Never throws.** Unknown fields are kept and harmless; `undefined` means
 * a type that this version does not know, or no frame at all: ignore it.
 *
 * What a newer server may say is brought down to what this version knows: an `event` of an unknown kind becomes
 * `noop` (its number still counts), an `error` with an unknown code becomes `internal` and keeps its `retryable`.
 * Bounds are not held against a server (`lenient.ts`); of words such as `role` a switch must have a default.
 */
export function parseServerFrame(text: string): ServerFrame | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return isFields(value) ? readFrame(value) : undefined;
}

function readFrame(fields: Fields): ServerFrame | undefined {
  const { type } = fields;
  if (type === "event") return readEvent(fields);
  if (typeof type !== "string" || !Object.hasOwn(serverFrameSchemas, type)) return undefined;
  if (type === "error" && typeof fields.code === "string" && !Object.hasOwn(errorCodes, fields.code)) {
    fields.code = "internal";
  }
  if (type === "result" && Array.isArray(fields.events)) {
    fields.events = fields.events.map((event) => (isFields(event) ? (readEvent(event) ?? event) : event));
  }
  const schema = serverFrameSchemas[type as keyof typeof serverFrameSchemas];
  return isValid(type, schema, fields) ? (fields as ServerFrame) : undefined;
}

function readEvent(fields: Fields): ServerFrame | undefined {
  const { kind } = fields;
  if (typeof kind !== "string") return undefined;
  if (!Object.hasOwn(eventSchemas, kind)) fields.kind = "noop";
  const known = fields.kind as keyof typeof eventSchemas;
  return isValid(`event ${known}`, eventSchemas[known], fields) ? (fields as ServerFrame) : undefined;
}

/** Compiled when the first frame of its kind comes, so that a client pays for what it meets. */
function isValid(name: string, schema: TSchema, value: unknown): boolean {
  let validate = validators.get(name);
  if (validate === undefined) {
    const validator = Compile(lenient(schema));
    validate = (candidate) => validator.Check(candidate);
    validators.set(name, validate);
  }
  return validate(value);
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
