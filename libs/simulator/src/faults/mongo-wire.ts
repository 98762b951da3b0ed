import { type Document, deserialize, serialize } from "bson";

/** One message of the MongoDB wire protocol, whole. */
export interface MongoMessage {
  readonly bytes: Buffer;
  readonly requestId: number;
  /** Of a reply: the requestId that it answers. */
  readonly responseTo: number;
  /** Of a request by OP_MSG: its name, such as `insert`. */
  readonly command: string | undefined;
}

const headerBytes = 16;
/** A server's own bound (`maxMessageSizeBytes`). */
const messageBytesMax = 48_000_000;
const opMsg = 2013;
const bodyKind = 0;
const sequenceKind = 1;

/**
 * Cuts a stream into whole messages.
 * **Errors**: the function throws where a length can't be one.
 * **Bound**: one message, 48 MB.
 * **Source**: MongoDB manual, "MongoDB Wire Protocol".
 */
export function createMongoSplitter(): (chunk: Buffer) => readonly MongoMessage[] {
  let chunks: Buffer[] = [];
  let length = 0;
  return (chunk) => {
    chunks.push(chunk);
    length += chunk.length;
    const messages: MongoMessage[] = [];
    for (;;) {
      const [first] = chunks;
      if (first === undefined || length < headerBytes) return messages;
      // Only the head is needed before the message is whole: joining for each chunk would cost its square.
      const head = first.length >= headerBytes ? first : Buffer.concat(chunks);
      if (head !== first) chunks = [head];
      const size = head.readInt32LE(0);
      if (size < headerBytes || size > messageBytesMax) throw new Error(`no MongoDB message: it claims ${size} bytes`);
      if (length < size) return messages;
      const all = chunks.length === 1 ? head : Buffer.concat(chunks);
      messages.push(parseMessage(all.subarray(0, size)));
      const rest = all.subarray(size);
      chunks = rest.length === 0 ? [] : [rest];
      length = rest.length;
    }
  };
}

function parseMessage(bytes: Buffer): MongoMessage {
  const body = bytes.readInt32LE(12) === opMsg ? findBody(bytes) : undefined;
  return {
    bytes,
    requestId: bytes.readInt32LE(4),
    responseTo: bytes.readInt32LE(8),
    command: body === undefined ? undefined : firstName(bytes, body),
  };
}

/** Where the body document of an OP_MSG begins: flags, then sections, of which the body may be any. */
function findBody(bytes: Buffer): number | undefined {
  let at = headerBytes + 4;
  while (at + 5 <= bytes.length) {
    const kind = bytes[at];
    if (kind === bodyKind) return at + 1;
    if (kind !== sequenceKind) return undefined;
    at += 1 + Math.max(4, bytes.readInt32LE(at + 1));
  }
  return undefined;
}

/** The name of a document's first element: length (4), type (1), name, zero. */
function firstName(bytes: Buffer, at: number): string | undefined {
  const from = at + 5;
  const to = bytes.indexOf(0, from);
  return to < 0 ? undefined : bytes.toString("utf8", from, to);
}

/** How many documents a write has; 1 where that can't be seen. */
export function countWrites({ bytes }: MongoMessage): number {
  const at = findBody(bytes);
  if (at === undefined) return 1;
  const body = deserialize(bytes.subarray(at, at + bytes.readInt32LE(at)));
  for (const list of [body["documents"], body["updates"], body["deletes"]]) if (Array.isArray(list)) return list.length;
  return 1;
}

/** A reply to this request, as a server would write it. */
export function encodeReply(request: MongoMessage, document: Document): Buffer {
  const body = serialize(document);
  const bytes = Buffer.alloc(headerBytes + 5 + body.length);
  bytes.writeInt32LE(bytes.length, 0);
  bytes.writeInt32LE(request.requestId, 8);
  bytes.writeInt32LE(opMsg, 12);
  bytes.set(body, headerBytes + 5);
  return bytes;
}
