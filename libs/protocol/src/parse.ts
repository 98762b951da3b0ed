import type { TObject, TProperties } from "typebox";
import { Compile } from "typebox/compile";
import { type ClientFrame, clientFrameSchemas } from "./client-frames.ts";
import { encodeData, utf8Bytes } from "./data-json.ts";
import { errorFrame } from "./errors.ts";
import { attachmentsRefusal, explainFields, type Refusal } from "./explain.ts";
import { limits } from "./fields.ts";
import { isId } from "./ids.ts";
import { isDeeperThan } from "./json-depth.ts";
import type { ErrorFrame } from "./server-frames.ts";

export type ParsedClientFrame =
  | { readonly ok: true; readonly frame: ClientFrame }
  | { readonly ok: false; readonly error: ErrorFrame };

export interface ParseOptions {
  /** Larger frames are `too_large`; default 64 KiB. */
  readonly bytesMax?: number;
}

type Fields = Record<string, unknown>;

/** What is made once for the frames of one `type`. */
interface FrameParser {
  readonly isValid: (value: unknown) => boolean;
  readonly explain: (fields: Fields) => Refusal;
  readonly names: readonly string[];
  /** What a schema can't say; may put derived fields into the frame. */
  readonly finish: ((frame: Fields) => Refusal | undefined) | undefined;
}

// BOM kept: JSON allows none, so that it is refused like any other junk.
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

const finishers: Readonly<Record<string, FrameParser["finish"]>> = {
  hello: finishHello,
  send: finishSend,
  history: finishHistory,
};

const parsers = new Map<string, FrameParser>(
  Object.entries<TObject<TProperties>>(clientFrameSchemas).map(([type, schema]) => {
    const validator = Compile(schema);
    const parser: FrameParser = {
      isValid: (value) => validator.Check(value),
      explain: (fields) => explainFields(schema, fields),
      names: Object.keys(schema.properties),
      finish: finishers[type],
    };
    return [type, parser];
  }),
);

/**
 * Reads one frame of a client. **Never throws**; the frame that comes back holds known fields only, in the order of
 * the contract, and needs no further checks of its form.
 * **Errors**: `bad_frame`, and `too_large` for `text`, `data` or the whole frame; the message names the field and what
 * is expected of it, never the client's own words. A valid `id` is echoed.
 */
export function parseClientFrame(input: Uint8Array | string, options: ParseOptions = {}): ParsedClientFrame {
  const bytesMax = options.bytesMax ?? limits.frameBytesMax;
  // A string has at least as many bytes of UTF-8 as it has units.
  if (input.length > bytesMax) return tooLarge(bytesMax);
  let text: string;
  try {
    text = typeof input === "string" ? input : utf8.decode(input);
  } catch {
    return refuse("bad_frame", "frame: must be valid UTF-8");
  }
  if (typeof input === "string" && utf8Bytes(input) > bytesMax) return tooLarge(bytesMax);
  if (isDeeperThan(text, limits.frameDepthMax)) {
    return refuse("bad_frame", `frame: must be at most ${limits.frameDepthMax} levels deep`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refuse("bad_frame", "frame: must be JSON");
  }
  if (!isFields(value)) return refuse("bad_frame", "frame: must be a JSON object");
  return readFields(value, text);
}

function readFields(fields: Fields, text: string): ParsedClientFrame {
  const { id, type } = fields;
  if (typeof type !== "string") return refuse("bad_frame", "type: must be a string", id);
  const parser = parsers.get(type);
  if (parser === undefined) return refuse("bad_frame", "type: must be one that parley.v1 knows", id);
  if (!parser.isValid(fields)) return refuseWith(parser.explain(fields), id);
  const frame: Fields = {};
  // Lone surrogates come from an escape, or from a caller that hands in a string: the rest is spared the look.
  const mayBeMalformed = text.includes("\\u") || !text.isWellFormed();
  for (const name of parser.names) {
    if (!Object.hasOwn(fields, name)) continue;
    const value = fields[name];
    if (mayBeMalformed && typeof value === "string" && !value.isWellFormed()) {
      return refuse("bad_frame", `${name}: must be well-formed Unicode, without lone surrogates`, id);
    }
    frame[name] = value;
  }
  const refusal = parser.finish?.(frame);
  if (refusal !== undefined) return refuseWith(refusal, id);
  // The schema of this `type` has just said so.
  return { ok: true, frame: frame as ClientFrame };
}

/** Ids such as `__proto__` and `constructor` are allowed as channels: a bare object has no such names of its own. */
function finishHello(frame: Fields): Refusal | undefined {
  const { cursors } = frame;
  if (!isFields(cursors)) return undefined;
  const bare: Fields = Object.create(null);
  for (const [channel, seq] of Object.entries(cursors)) {
    if (Object.is(seq, -0)) return minusZero("cursors");
    bare[channel] = seq;
  }
  frame.cursors = bare;
  return undefined;
}

function finishSend(frame: Fields): Refusal | undefined {
  if (frame.attachments !== undefined) return attachmentsRefusal;
  if (!isFields(frame.data)) return undefined;
  const data = encodeData(frame.data);
  if (!data.ok) return { code: data.isTooLarge ? "too_large" : "bad_frame", message: `data: must be ${data.expected}` };
  frame.dataJson = data.json;
  return undefined;
}

function finishHistory(frame: Fields): Refusal | undefined {
  return Object.is(frame.after, -0) ? minusZero("after") : undefined;
}

function minusZero(name: string): Refusal {
  return { code: "bad_frame", message: `${name}: must be made of whole numbers, and -0 is none` };
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function tooLarge(bytesMax: number): ParsedClientFrame {
  return refuse("too_large", `frame: must be at most ${bytesMax} bytes`);
}

function refuseWith(refusal: Refusal, id: unknown): ParsedClientFrame {
  return refuse(refusal.code, refusal.message, id);
}

function refuse(code: Refusal["code"], message: string, id?: unknown): ParsedClientFrame {
  return { ok: false, error: errorFrame(code, message, isId(id) ? { id } : {}) };
}
