import type { ErrorCode, EventKind, ServerFrame } from "@parley/protocol";

const frameTypes: ReadonlySet<string> = new Set([
  "welcome",
  "ack",
  "error",
  "event",
  "gap",
  "reset",
  "result",
  "receipt",
  "typing",
  "presence",
  "reconnect",
]);

/** What each type must have before the SDK's state may depend on it. */
const numbersByType: Readonly<Record<string, readonly string[]>> = {
  ack: ["seq", "time"],
  event: ["seq", "time"],
  gap: ["from", "to"],
  reset: ["head"],
  reconnect: ["afterMs"],
};
const stringsByType: Readonly<Record<string, readonly string[]>> = {
  welcome: ["session", "user"],
  ack: ["id", "channel"],
  error: ["code", "message"],
  event: ["channel", "kind", "sender"],
  gap: ["channel"],
  reset: ["channel"],
  result: ["id"],
  receipt: ["channel", "user"],
  typing: ["channel", "user"],
  presence: ["user", "status"],
};

const eventKinds: Readonly<Record<EventKind, true>> = {
  message: true,
  edit: true,
  delete: true,
  reaction: true,
  member: true,
  created: true,
  noop: true,
};
const errorCodes: Readonly<Record<ErrorCode, true>> = {
  bad_frame: true,
  unauthenticated: true,
  token_expired: true,
  forbidden: true,
  not_found: true,
  not_member: true,
  conflict: true,
  too_large: true,
  rate_limited: true,
  unavailable: true,
  internal: true,
};

/**
 * Parses one frame of the server. Checks only what the SDK's own state rests on: the server is trusted, and the full
 * schemas would weigh more than the SDK. Undefined for an unknown type, which only a newer server can send; an event of
 * an unknown kind becomes `noop` (its number counts), an unknown error code `internal`. **Errors**: throws for what is
 * no frame.
 */
export function parseServerFrame(text: unknown): ServerFrame | undefined {
  if (typeof text !== "string") throw new TypeError("a frame that is no text");
  const value: unknown = JSON.parse(text);
  if (!isFields(value) || typeof value.type !== "string") throw new TypeError("a frame without a type");
  if (!frameTypes.has(value.type)) return undefined;
  if (value.type === "event") mendEvent(value);
  if (value.type === "error" && !Object.hasOwn(errorCodes, String(value.code))) value.code = "internal";
  if (value.type === "result" && Array.isArray(value.events)) value.events.forEach(mendEvent);
  if (!isServerFrame(value, value.type)) throw new TypeError(`a frame "${value.type}" with a field missing`);
  return value;
}

function mendEvent(event: unknown): void {
  if (isFields(event) && !Object.hasOwn(eventKinds, String(event.kind))) event.kind = "noop";
}

function isFields(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isServerFrame(fields: object, type: string): fields is ServerFrame {
  if (!isFields(fields)) return false;
  for (const name of numbersByType[type] ?? []) if (!Number.isFinite(fields[name])) return false;
  for (const name of stringsByType[type] ?? []) if (typeof fields[name] !== "string") return false;
  return type !== "welcome" || Array.isArray(fields.channels);
}
