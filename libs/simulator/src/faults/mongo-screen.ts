import { connect } from "node:net";
import type { Document } from "bson";
import type { Endpoint } from "./connection.ts";
import type { Rule } from "./mongo-rules.ts";
import { countWrites, createMongoSplitter, encodeReply, type MongoMessage } from "./mongo-wire.ts";
import type { Lanes, Screen } from "./screen.ts";

export interface MongoScreenParts {
  /** The rule that hits a request, which has counted it then. */
  readonly ruleFor: (command: string | undefined) => Rule | undefined;
  readonly target: () => Endpoint;
  /** Runs `action` later, unless the proxy is closed before. */
  readonly later: (action: () => void, afterMs: number) => void;
  /** A request that comes late has been answered by the server. */
  readonly onLate: () => void;
}

/** One client's connection to a MongoDB-wire server, request by request. */
export function createMongoScreen(lanes: Lanes, parts: MongoScreenParts): Screen {
  const split = { up: createMongoSplitter(), down: createMongoSplitter() };
  /** Requests whose reply will be held. */
  const awaited = new Map<number, Rule>();
  const held = new Map<() => void, Rule>();

  function request(message: MongoMessage): void {
    const rule = parts.ruleFor(message.command);
    if (rule === undefined) return void lanes.toTarget(message.bytes);
    const { fault } = rule;
    switch (fault.kind) {
      case "hold":
        awaited.set(message.requestId, rule);
        lanes.toTarget(message.bytes);
        return;
      case "cutBeforeRequest":
        rule.hits += 1;
        return lanes.cut();
      case "slow":
        rule.hits += 1;
        lanes.toTarget(message.bytes, fault.ms);
        return;
      case "answer":
        rule.hits += 1;
        lanes.toClient(encodeReply(message, fault.error === "notPrimary" ? notPrimary : lateCommit(message)));
        if (fault.error === "writeConcernTimeout") {
          // Copied: the bytes are a piece of a buffer that the socket may use again.
          const bytes = Buffer.from(message.bytes);
          parts.later(() => sendAlone(parts.target(), bytes, parts.onLate), fault.forwardAfterMs ?? 0);
        }
        return;
      default: {
        const never: never = fault;
        return never;
      }
    }
  }

  function reply(message: MongoMessage): void {
    const rule = awaited.get(message.responseTo);
    awaited.delete(message.responseTo);
    if (rule === undefined || rule.fault.kind !== "hold") return void lanes.toClient(message.bytes);
    const parcel = lanes.toClient(message.bytes, Number.POSITIVE_INFINITY);
    const { end, afterMs } = rule.fault;
    const act = (): void => {
      held.delete(act);
      rule.forget(act);
      if (end === "cut") lanes.cut();
      else parcel.release();
    };
    held.set(act, rule);
    rule.hold(act);
    rule.hits += 1;
    if (afterMs !== undefined) parts.later(act, afterMs);
  }

  return {
    fromClient(bytes) {
      for (const message of split.up(bytes)) request(message);
    },
    fromTarget(bytes) {
      for (const message of split.down(bytes)) reply(message);
    },
    end() {
      for (const [act, rule] of held) rule.forget(act);
    },
  };
}

/** What a server says that has just stepped down. */
const notPrimary: Document = { ok: 0, errmsg: "not primary", code: 10_107, codeName: "NotWritablePrimary" };

/** What a primary says that has the write, but has not heard of it from a majority in time. */
function lateCommit(message: MongoMessage): Document {
  const errmsg = "waiting for replication timed out";
  const errInfo = { wtimeout: true };
  const writeConcernError = { code: 64, codeName: "WriteConcernTimeout", errmsg, errInfo };
  return { n: countWrites(message), writeConcernError, ok: 1 };
}

/** Over a connection of its own, so that it arrives whatever became of the client's. Needs a server without accounts. */
function sendAlone(target: Endpoint, bytes: Buffer, onAnswer: () => void): void {
  const socket = connect(target, () => socket.write(bytes));
  const split = createMongoSplitter();
  socket.setTimeout(30_000, () => socket.destroy());
  // A server that is gone gets no late write either.
  socket.on("error", () => {});
  socket.on("data", (chunk) => {
    if (split(chunk).length === 0) return;
    onAnswer();
    socket.destroy();
  });
}
