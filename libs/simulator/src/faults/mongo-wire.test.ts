import { deserialize, serialize } from "bson";
import { describe, expect, test } from "vitest";
import { countWrites, createMongoSplitter, encodeReply, type MongoMessage } from "./mongo-wire.ts";

function frame(opcode: number, rest: Buffer, requestId = 7): Buffer {
  const head = Buffer.alloc(16);
  head.writeInt32LE(16 + rest.length, 0);
  head.writeInt32LE(requestId, 4);
  head.writeInt32LE(opcode, 12);
  return Buffer.concat([head, rest]);
}

const body = (document: Record<string, unknown>): Buffer => Buffer.concat([Buffer.from([0]), serialize(document)]);
const message = (...sections: readonly Buffer[]): Buffer => frame(2013, Buffer.concat([Buffer.alloc(4), ...sections]));

function only(bytes: Buffer): MongoMessage {
  const [first, ...more] = createMongoSplitter()(bytes);
  if (first === undefined || more.length > 0) throw new Error("not one message");
  return first;
}

describe("messages of the MongoDB wire protocol", () => {
  test("are found whole, whatever the pieces", () => {
    const insert = message(body({ insert: "events", documents: [{ a: 1 }, { a: 2 }] }));
    const find = message(body({ find: "events" }));
    const all = Buffer.concat([insert, find, insert]);
    for (const size of [1, 3, 16, 17, 50, all.length]) {
      const split = createMongoSplitter();
      const found: MongoMessage[] = [];
      for (let at = 0; at < all.length; at += size) found.push(...split(all.subarray(at, at + size)));
      expect(found.map(({ command }) => command)).toEqual(["insert", "find", "insert"]);
      expect(Buffer.concat(found.map(({ bytes }) => bytes))).toEqual(all);
    }
  });

  test("name their command also where a document sequence comes before the body", () => {
    const documents = Buffer.concat([Buffer.from("documents\0"), serialize({ a: 1 })]);
    const sequence = Buffer.alloc(5);
    sequence[0] = 1;
    sequence.writeInt32LE(4 + documents.length, 1);
    expect(only(message(sequence, documents, body({ insert: "events" }))).command).toBe("insert");
  });

  test("of the old kind, compressed ones and broken ones have no command", () => {
    for (const opcode of [2004, 2012, 1]) expect(only(frame(opcode, Buffer.alloc(40))).command).toBeUndefined();
    for (const section of [Buffer.alloc(0), Buffer.from([9]), Buffer.from([1, 255, 255, 255, 255])]) {
      expect(only(message(section)).command).toBeUndefined();
    }
  });

  test("that claim an impossible length are an error", () => {
    for (const size of [15, -1, 48_000_001]) {
      const bytes = Buffer.alloc(16);
      bytes.writeInt32LE(size, 0);
      expect(() => createMongoSplitter()(bytes)).toThrow("no MongoDB message");
    }
  });

  test("are answered with the request's id, and count their writes", () => {
    const request = only(message(body({ insert: "events", documents: [{}, {}, {}] })));
    const reply = only(encodeReply(request, { ok: 1, n: countWrites(request) }));
    expect([reply.responseTo, reply.command]).toEqual([7, "ok"]);
    expect(deserialize(reply.bytes.subarray(21))).toEqual({ ok: 1, n: 3 });
    expect(countWrites(only(message(body({ find: "events" }))))).toBe(1);
  });
});
