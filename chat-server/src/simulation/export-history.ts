import { createHash } from "node:crypto";
import { encodeFoldedEvent, type Seq, type UserId } from "@parley/protocol";
import type { EventBody, LogEvent, OriginState } from "@parley/store";
import type { AppendRequest, Wish } from "../channel/request.ts";
import type { Seen } from "./journal.ts";
import type { Scenario } from "./scenario.ts";
import { type Outcome, simulate } from "./simulate.ts";
import type { Mutation } from "./world.ts";

/**
 * One run as the lines of a history that the simulator's checkers read (`history/lines.ts` of `@parley/simulator`; a
 * process imports no tool, so the lines are told by their shape). The run goes on to its end whatever it breaks.
 */
export async function exportHistory(scenario: Scenario, mutation: Mutation = {}): Promise<readonly object[]> {
  const seen: Seen[] = [];
  const outcome = await simulate(scenario, mutation, (one) => seen.push(one));
  return [...before(scenario), ...seen.map((one) => lineOf(one, scenario, outcome)), ...after(outcome)];
}

/** What was there from the start was asked for once as well, before anything else. */
const begunMs = 1_000;

function before(scenario: Scenario): object[] {
  const lines: object[] = [];
  const connections = new Map<string, number>();
  let at = 0;
  for (const [channel, log] of scenario.initial) {
    // Of a log that was restored with holes nothing was promised.
    const isWhole = log.every(({ seq }, place) => seq === place + 1);
    for (const event of log) {
      const { sender, id, seq } = event;
      let connection = connections.get(sender);
      if (connection === undefined) {
        connection = 1_000_000 + connections.size;
        connections.set(sender, connection);
        const device = "before";
        lines.push({ line: "connected", at: at++, connection, user: sender, device, cursors: {}, isChained: false });
        lines.push({ line: "resumed", at: at++, connection, heads: {}, hasMore: false });
      }
      const request = { channel, sender, id, hash: event.hash, wish: wishOf(event.body) };
      lines.push({ line: "invoke", at: at++, connection, ...invocation(request) });
      if (isWhole) lines.push({ line: "ok", at: at++, connection, id, channel, seq, isDuplicate: false });
      else lines.push({ line: "unknown", at: at++, connection, id, code: "closed" });
    }
  }
  for (const connection of connections.values()) lines.push({ line: "closed", at: at++, connection, code: 1000 });
  return lines;
}

function lineOf(seen: Seen, scenario: Scenario, { history }: Outcome): object {
  const at = begunMs + seen.at;
  const connection = seen.socket;
  switch (seen.kind) {
    case "connected": {
      // An id that was used twice links the chain to something else.
      const isReused = history.operations.some(({ isRaw, request }) => isRaw && request.sender === seen.user);
      const isChained = !isReused && scenario.devices[seen.device]?.isChained === true;
      const cursors = Object.fromEntries(seen.cursors);
      return { line: "connected", at, connection, user: seen.user, device: `d${seen.device}`, cursors, isChained };
    }
    case "welcomed":
      return { line: "resumed", at, connection, heads: Object.fromEntries(seen.heads), hasMore: false };
    case "closed":
      return { line: "closed", at, connection, code: 1006 };
    case "asked":
      return { line: "invoke", at, connection, wish: `${seen.operation}`, ...invocation(seen.request) };
    case "answered": {
      const { answer, request } = seen;
      const { id, channel } = request;
      if (answer.ok) {
        return { line: "ok", at, connection, id, channel, seq: answer.seq, isDuplicate: answer.isDuplicate };
      }
      const { code } = answer;
      const settlesNothing = answer.isUnknown === true || code === "unavailable" || code === "rate_limited";
      return { line: settlesNothing ? "unknown" : "refused", at, connection, id, code };
    }
    case "event":
      return { line: "delivered", at, connection, event: seenEvent(Buffer.from(seen.payload).toString(), true) };
    case "gap":
      return { line: "gap", at, connection, channel: seen.channel, from: seen.from, to: seen.to };
    case "reset":
      return { line: "reset", at, connection, channel: seen.channel, head: seen.head };
    case "read": {
      const { id, channel, after, before } = seen;
      const where = { ...(after === undefined ? {} : { after }), ...(before === undefined ? {} : { before }) };
      return { line: "read", at, connection, id, channel, ...where };
    }
    case "page": {
      const events = seen.events.map((event) => seenEvent(JSON.stringify(event), false));
      return { line: "page", at, connection, id: seen.id, isComplete: seen.isComplete, events };
    }
    default:
      return seen satisfies never;
  }
}

function after({ endedAt, stores, devices }: Outcome): object[] {
  const at = begunMs + endedAt;
  const lines: object[] = [];
  for (const { user, number, waiting, reached, isAway } of devices) {
    if (isAway) continue;
    lines.push({
      line: "settled",
      at,
      user,
      device: `d${number}`,
      reached: Object.fromEntries(reached),
      outbox: waiting,
    });
  }
  for (const [channel, store] of stores) {
    const log = store.everything();
    for (const event of log) {
      lines.push({
        line: "final-log",
        at,
        event: seenEvent(encodeFoldedEvent(shown(event, log), originOf(event, log)), false),
      });
    }
    lines.push({ line: "final-head", at, channel, head: store.majority.head() });
  }
  return lines;
}

/** The text of an edit goes with the message that it changed. */
function shown(event: LogEvent, log: readonly LogEvent[]): LogEvent {
  const { body } = event;
  if (body.kind !== "edit" || originOf({ ...event, seq: body.target }, log)?.deleted === undefined) return event;
  return { ...event, body: { kind: "edit", target: body.target, erased: true } };
}

function originOf({ seq }: { readonly seq: Seq }, log: readonly LogEvent[]): OriginState | undefined {
  const deletion = log.find(({ body }) => body.kind === "delete" && body.target === seq);
  if (deletion !== undefined) return { deleted: deletion.seq };
  const edit = log.findLast(({ body }) => body.kind === "edit" && body.target === seq);
  if (edit?.body.kind !== "edit") return undefined;
  return { edit: { seq: edit.seq, text: edit.body.text ?? "", time: edit.time } };
}

const types = {
  message: "send",
  edit: "edit",
  delete: "delete",
  reaction: "react",
  create: "channel.create",
  invite: "channel.invite",
  remove: "channel.remove",
  leave: "channel.leave",
  role: "channel.role",
  noop: "",
} as const;

function invocation({ channel, sender, id, prev, wish }: AppendRequest): object {
  return {
    id,
    type: types[wish.kind],
    ...(wish.kind === "create" ? {} : { channel }),
    ...(prev === undefined ? {} : { prev }),
    ...("target" in wish ? { target: wish.target } : {}),
    ...("replyTo" in wish ? { replyTo: wish.replyTo } : {}),
    ...("user" in wish ? { subject: wish.user } : {}),
    ...("role" in wish ? { role: wish.role } : {}),
    // With the asker: a direct channel may have been made by the other one.
    ...(wish.kind === "create" ? { channelKind: wish.channelKind, members: [...wish.members, sender] } : {}),
    content: wishContent(wish, sender),
  };
}

/** The wish that this event came from, as far as a fingerprint goes. */
function wishOf(body: EventBody): Wish {
  if (body.kind === "created") {
    return { kind: "create", channelKind: body.channelKind, members: body.members.map(({ user }) => user) };
  }
  if (body.kind === "message") return { kind: "message", text: body.text ?? "" };
  throw new Error(`no log begins with ${body.kind}`);
}

interface Content {
  readonly text?: string;
  readonly rest: string;
}

function wishContent(wish: Wish, sender: UserId): Content {
  switch (wish.kind) {
    case "message":
      return content(wish.text, ["message", wish.replyTo]);
    case "edit":
      return content(wish.text, ["edit", wish.target]);
    case "delete":
      return content(undefined, ["delete", wish.target]);
    case "reaction":
      return content(undefined, ["reaction", wish.target, wish.emoji, wish.remove === true]);
    case "invite":
      return content(undefined, [wish.user, "joined"]);
    case "remove":
      // Whoever removes himself leaves.
      return content(undefined, wish.user === sender ? ["left"] : [wish.user, "removed"]);
    case "leave":
      return content(undefined, ["left"]);
    case "role":
      return content(undefined, [wish.user, "role", wish.role]);
    case "create":
      return content(undefined, ["created", wish.channelKind]);
    default:
      return content(undefined, [wish.kind]);
  }
}

type Frame = Readonly<Record<string, unknown>>;

function frameContent(frame: Frame): Content {
  const { kind, text, target, emoji, user, change } = frame;
  switch (kind) {
    case "message":
      return content(text, [kind, frame["replyTo"]]);
    case "edit":
      return content(text, [kind, target]);
    case "delete":
      return content(undefined, [kind, target]);
    case "reaction":
      return content(undefined, [kind, target, emoji, frame["remove"] === true]);
    case "member":
      if (change === "left") return content(undefined, ["left"]);
      if (change === "role") return content(undefined, [user, "role", frame["role"]]);
      return content(undefined, [user, change]);
    case "created":
      return content(undefined, ["created", frame["channelKind"]]);
    default:
      return content(undefined, [kind]);
  }
}

function content(text: unknown, rest: readonly unknown[]): Content {
  const fingerprint = digest(JSON.stringify(rest));
  return typeof text === "string" && text !== "" ? { text: digest(text), rest: fingerprint } : { rest: fingerprint };
}

const digests = new Map<string, string>();

/** The checkers compare fingerprints and make none themselves, so any will do. */
function digest(text: string): string {
  let made = digests.get(text);
  if (made === undefined) {
    if (digests.size > 10_000) digests.clear();
    made = createHash("sha256").update(text).digest("hex").slice(0, 16);
    digests.set(text, made);
  }
  return made;
}

function seenEvent(json: string, isFrame: boolean): object {
  const frame: Frame = JSON.parse(json);
  const { channel, seq, kind, sender, id, time, target } = frame;
  const members = membersOf(frame);
  return {
    channel,
    seq,
    kind,
    sender: sender ?? "",
    ...(id === undefined ? {} : { id }),
    time,
    content: frameContent(frame),
    ...(isFrame ? { bytes: digest(json) } : {}),
    ...(target === undefined ? {} : { target }),
    ...(frame["deleted"] === true ? { isDeleted: true } : {}),
    ...(frame["editedAt"] === undefined ? {} : { isEdited: true }),
    ...(members === undefined ? {} : { members }),
    ...(frame["channelKind"] === undefined ? {} : { channelKind: frame["channelKind"] }),
  };
}

function membersOf(frame: Frame): readonly object[] | undefined {
  const { kind, members } = frame;
  if (kind === "member") {
    const { user, change, role } = frame;
    return [{ user, change, ...(role === undefined ? {} : { role }) }];
  }
  if (kind !== "created" || !Array.isArray(members)) return undefined;
  return members.map(({ user, role }: Frame) => ({ user, change: "joined", role }));
}
