/** Pushes of published messages, in RESP2 arrays as in RESP3 pushes. */
const messageNames = new Set(["message", "smessage", "pmessage"]);
const confirmationNames = new Set(["subscribe", "ssubscribe", "psubscribe"]);

/** Redis's own bound of a bulk is 512 MB; nothing of ours comes near this. */
const valueBytesMax = 64 * 1024 * 1024;

/** A whole value of a server's stream. */
export interface RespValue {
  readonly bytes: Buffer;
  readonly kind: "message" | "confirmation" | "other";
}

/**
 * Cuts what a Redis server sends into whole values, RESP2 or RESP3.
 * **Errors**: the function throws on bytes that are none, and on a value of more than 64 MiB.
 * **Source**: Redis documentation, "Redis serialization protocol specification".
 */
export function createRespSplitter(): (chunk: Buffer) => readonly RespValue[] {
  let bytes: Buffer = Buffer.alloc(0);
  /** Where the scan stands, and how many values are still to come until the outermost is whole. */
  let at = 0;
  let wanted = 1;
  return (chunk) => {
    bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
    const values: RespValue[] = [];
    for (;;) {
      const next = scanOne(bytes, at);
      if (next === undefined) {
        if (bytes.length > valueBytesMax) throw new Error("a value of Redis is over the bound of the proxy");
        return values;
      }
      at = next.end;
      wanted += next.more - 1;
      if (wanted > 0) continue;
      const whole = bytes.subarray(0, at);
      values.push({ bytes: whole, kind: kindOf(whole) });
      bytes = bytes.subarray(at);
      at = 0;
      wanted = 1;
    }
  };
}

/** The end of the scalar or aggregate header at this place, and how many values follow it; undefined: not there yet. */
function scanOne(bytes: Buffer, at: number): { end: number; more: number } | undefined {
  const lineEnd = bytes.indexOf("\r\n", at);
  if (lineEnd < 0) return undefined;
  const end = lineEnd + 2;
  const type = String.fromCharCode(bytes[at] ?? 0);
  switch (type) {
    case "+":
    case "-":
    case ":":
    case "_":
    case ",":
    case "#":
    case "(":
      return { end, more: 0 };
    case "$":
    case "!":
    case "=": {
      const length = parseLength(bytes, at, lineEnd);
      const bulkEnd = length < 0 ? end : end + length + 2;
      return bulkEnd > bytes.length ? undefined : { end: bulkEnd, more: 0 };
    }
    case "*":
    case "~":
    case ">":
      return { end, more: Math.max(0, parseLength(bytes, at, lineEnd)) };
    case "%":
      return { end, more: 2 * parseLength(bytes, at, lineEnd) };
    case "|":
      // An attribute comes before the value that it belongs to.
      return { end, more: 2 * parseLength(bytes, at, lineEnd) + 1 };
    default:
      throw new Error(`no value of Redis begins with ${JSON.stringify(type)}`);
  }
}

function parseLength(bytes: Buffer, at: number, lineEnd: number): number {
  const length = Number(bytes.toString("latin1", at + 1, lineEnd));
  if (!Number.isInteger(length) || length < -1 || length > valueBytesMax) throw new Error("no length of Redis");
  return length;
}

function kindOf(value: Buffer): RespValue["kind"] {
  const type = value[0];
  if (type !== 0x2a && type !== 0x3e) return "other";
  const name = /^[*>]\d+\r\n\$\d+\r\n([a-z]+)\r\n/.exec(value.toString("latin1", 0, 48))?.[1] ?? "";
  if (messageNames.has(name)) return "message";
  return confirmationNames.has(name) ? "confirmation" : "other";
}
