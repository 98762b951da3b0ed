import type { LineOf } from "../history/history.ts";
import type { BaselineLine, HistoryLine, SeenEvent, TermsLine } from "../history/lines.ts";
import { all, messages, replace, type Spoiler } from "./spoil.ts";

const terms = (figures: Partial<TermsLine>): HistoryLine => ({ line: "terms", at: 0, ...figures });

function baseline(when: "before" | "after", more: Partial<BaselineLine> = {}): HistoryLine {
  const held = { sockets: 4, timers: 10, memoryBytes: 90e6, unexpectedExits: 0, unhandledRejections: 0 };
  return { line: "baseline", at: 0, when, node: "gateway-1", role: "gateway", ...held, ...more };
}

/** A delivery on a socket of an event that was asked for when the socket stood already, some steps after its hello. */
function findLateDelivery(lines: readonly HistoryLine[]) {
  for (const delivered of all(lines, "delivered").toReversed()) {
    const connected = all(lines, "connected").find(({ connection }) => connection === delivered.connection);
    const asked = all(lines, "invoke").find(({ id }) => id === delivered.event.id);
    if (connected !== undefined && asked !== undefined && asked.at > connected.at + 20) {
      return { delivered, connected, asked };
    }
  }
  return undefined;
}

/** The owner reads, once more, at the end: from the beginning or what is asked for. */
function withPage(
  lines: readonly HistoryLine[],
  events: readonly SeenEvent[],
  asked: Partial<LineOf<"read">> = { after: 0 },
): readonly HistoryLine[] | undefined {
  const { connection } = ownerSocket(lines) ?? {};
  const settled = all(lines, "settled")[0];
  if (connection === undefined || settled === undefined) return undefined;
  const base = { at: 0, connection, id: "extra" } as const;
  return replace(
    lines,
    settled,
    { ...base, line: "read", channel: "room", ...asked },
    { ...base, line: "page", isComplete: true, events },
    settled,
  );
}

function ownerSocket(lines: readonly HistoryLine[]): LineOf<"connected"> | undefined {
  return all(lines, "connected").findLast(({ user, device }) => user === "ada" && device === "phone");
}

function logOf(lines: readonly HistoryLine[]): readonly SeenEvent[] {
  return all(lines, "final-log").map(({ event }) => event);
}

/** A request of the owner, refused, when everything else is over. */
function withRefusal(lines: readonly HistoryLine[], code: string, asked: Partial<LineOf<"invoke">>) {
  const { connection } = ownerSocket(lines) ?? {};
  const settled = all(lines, "settled")[0];
  if (connection === undefined || settled === undefined) return undefined;
  const base = { at: 0, connection, id: "extra" } as const;
  const content = { rest: "extra" };
  return replace(
    lines,
    settled,
    { ...base, line: "invoke", type: "send", channel: "room", content, ...asked },
    { ...base, line: "refused", code },
    settled,
  );
}

/** What a history tells beside the log itself, and how it may break a promise. */
export const spoiledSides: readonly Spoiler[] = [
  {
    name: "delivery after the end of a token",
    finds: "C8",
    mutate(lines) {
      const found = findLateDelivery(lines);
      if (found === undefined) return;
      const { connected } = found;
      const spoiled = replace(lines, connected, { ...connected, tokenExpiresAt: connected.at + 1 });
      return spoiled && [terms({ tokenGraceMs: 1 }), ...spoiled];
    },
  },
  {
    name: "delivery after a refresh that was refused",
    finds: "C8",
    mutate(lines) {
      const found = findLateDelivery(lines);
      if (found === undefined) return;
      const { connected } = found;
      const resumed = all(lines, "resumed").find(({ connection }) => connection === connected.connection);
      const base = { at: 0, connection: connected.connection, id: "refresh-1" };
      const spoiled = replace(lines, connected, { ...connected, tokenExpiresAt: connected.at + 5 });
      const refresh: HistoryLine[] = [
        { ...base, line: "refresh", tokenExpiresAt: 1e6 },
        { ...base, line: "refused", code: "unauthenticated" },
      ];
      return resumed && [terms({ tokenGraceMs: 1 }), ...(replace(spoiled ?? [], resumed, resumed, ...refresh) ?? [])];
    },
  },
  {
    name: "delivery to one who was locked out",
    finds: "C8",
    mutate(lines) {
      const found = findLateDelivery(lines);
      if (found === undefined) return;
      const { user, connection } = found.connected;
      const resumed = all(lines, "resumed").find((one) => one.connection === connection);
      const spoiled = resumed && replace(lines, resumed, resumed, { line: "revoked", at: 0, user });
      return spoiled && [terms({ revokedWithinMs: 1 }), ...spoiled];
    },
  },
  {
    name: "an event that comes more than ten seconds after the rest",
    finds: "C9",
    mutate(lines) {
      const line = all(lines, "handled").at(-3);
      const spoiled = replace(lines, line, { line: "rest", at: 0 }, ...(line === undefined ? [] : [line]));
      return spoiled && [terms({ settleWithinMs: 0.5 }), ...spoiled];
    },
  },
  {
    name: "sockets that are not given back",
    finds: "C10",
    mutate: (lines) => [baseline("before"), ...lines, baseline("after", { sockets: 40 })],
  },
  {
    name: "timers that are not given back, by a node in the place of another",
    finds: "C10",
    mutate: (lines) => [baseline("before"), ...lines, baseline("after", { node: "gateway-1b", timers: 400 })],
  },
  {
    name: "memory that is not given back",
    finds: "C10",
    mutate: (lines) => [baseline("before"), ...lines, baseline("after", { memoryBytes: 900e6 })],
  },
  {
    name: "a node that ended unasked",
    finds: "C10",
    mutate: (lines) => [baseline("before"), ...lines, baseline("after", { unexpectedExits: 1 })],
  },
  {
    name: "a rejection that nobody handled",
    finds: "C10",
    mutate: (lines) => [baseline("before"), ...lines, baseline("after", { unhandledRejections: 1 })],
  },
  {
    name: "presence deleted by user instead of by connection",
    finds: "R21",
    mutate(lines) {
      // The owner has a phone and a desk; the desk goes, and with it, wrongly, the entry of the phone.
      const desk = all(lines, "connected").findLast(({ user, device }) => user === "ada" && device === "desk");
      const settled = all(lines, "settled")[0];
      if (desk === undefined || settled === undefined) return;
      const closed: HistoryLine = { line: "closed", at: 0, connection: desk.connection, code: 1000 };
      const spoiled = replace(lines, settled, closed, settled) ?? [];
      const askedAt = spoiled.length + 20;
      const gone: HistoryLine = { line: "presence", at: 0, askedAt, user: "ada", status: "offline" };
      return [terms({ presenceWithinMs: 10 }), ...spoiled, ...Array.from({ length: 30 }, () => mark), gone];
    },
  },
  {
    name: "presence of one who is long gone",
    finds: "R21",
    mutate(lines) {
      const stays: HistoryLine = { line: "presence", at: 0, askedAt: lines.length, user: "nobody", status: "online" };
      return [...lines, stays];
    },
  },
  {
    name: "a page that leaves something out",
    finds: "C7",
    mutate(lines) {
      const log = logOf(lines);
      return withPage(lines, log.toSpliced(Math.floor(log.length / 2), 1));
    },
  },
  {
    name: "a page that is called complete and is not",
    finds: "C7",
    mutate: (lines) => withPage(lines, logOf(lines).slice(0, -1)),
  },
  {
    name: "a page in which a deleted text comes back",
    finds: "C7",
    mutate(lines) {
      const deleted = messages(lines).find(({ event }) => event.isDeleted)?.event;
      const sent = all(lines, "invoke").find(({ id }) => id === deleted?.id);
      if (deleted === undefined || sent === undefined) return;
      const { isDeleted: _, ...shown } = { ...deleted, content: sent.content };
      return withPage(
        lines,
        logOf(lines).map((event) => (event === deleted ? shown : event)),
      );
    },
  },
  {
    name: "a page in which an edit is undone",
    finds: "C7",
    mutate(lines) {
      const edited = messages(lines).find(({ event }) => event.isEdited)?.event;
      const sent = all(lines, "invoke").find(({ id }) => id === edited?.id);
      if (edited === undefined || sent === undefined) return;
      const { isEdited: _, ...shown } = { ...edited, content: sent.content };
      return withPage(
        lines,
        logOf(lines).map((event) => (event === edited ? shown : event)),
      );
    },
  },
  {
    name: "a page below some seq that ends before it must",
    finds: "C7",
    mutate: (lines) => withPage(lines, logOf(lines).slice(0, 2), { before: logOf(lines).length }),
  },
  {
    name: "a welcome whose head is below what was acked",
    finds: "C7",
    mutate(lines) {
      const settled = all(lines, "settled")[0];
      const base = { at: 0, connection: 9_999 } as const;
      const hello: HistoryLine[] = [
        { ...base, line: "connected", user: "ada", device: "new", cursors: {}, isChained: true },
        { ...base, line: "resumed", heads: { room: 1 }, hasMore: false },
      ];
      return settled && logOf(lines).length > 2 ? replace(lines, settled, ...hello, settled) : undefined;
    },
  },
  {
    name: "the server's cursor handed over, a hole nobody tells of",
    finds: "C4",
    mutate(lines) {
      const last = all(lines, "delivered").findLast(({ event }) => event.seq > 4);
      const user = all(lines, "connected").find(({ connection }) => connection === last?.connection)?.user;
      const settled = all(lines, "settled")[0];
      if (last === undefined || user === undefined || settled === undefined) return;
      const connection = 9_999;
      const cursors = { room: last.event.seq - 3 };
      return replace(
        lines,
        settled,
        { line: "connected", at: 0, connection, user, device: "new", cursors, isChained: true },
        { line: "resumed", at: 0, connection, heads: {}, hasMore: false },
        { ...last, connection },
        settled,
      );
    },
  },
  {
    name: "a gap that begins behind the cursor",
    finds: "C4",
    mutate(lines) {
      const line = all(lines, "delivered").find(({ event }) => event.seq > 2);
      if (line === undefined) return;
      const { connection, event } = line;
      const gap = { line: "gap", at: 0, connection, channel: event.channel, from: event.seq, to: event.seq } as const;
      return replace(lines, line, line, gap);
    },
  },
  {
    name: "a reset of a log that lost nothing",
    finds: "C4",
    mutate(lines) {
      const line = all(lines, "delivered").find(({ event }) => event.seq > 2);
      if (line === undefined) return;
      const { connection, event } = line;
      const head = event.seq - 1;
      return replace(lines, line, line, { line: "reset", at: 0, connection, channel: event.channel, head }, line);
    },
  },
  {
    name: "one creation that made two channels",
    finds: "C2",
    mutate(lines) {
      const created = all(lines, "final-log").find(({ event }) => event.kind === "created");
      if (created === undefined) return;
      const again: HistoryLine = { ...created, event: { ...created.event, channel: "room-2" } };
      return [...lines, again, { line: "final-head", at: 0, channel: "room-2", head: 1 }];
    },
  },
  {
    name: "a new id on retry",
    finds: "C2",
    mutate(lines) {
      const head = all(lines, "final-head")[0];
      const line = messages(lines).find(({ event }) => event.isDeleted === undefined && event.isEdited === undefined);
      const sent = all(lines, "invoke").find(({ id }) => id === line?.event.id);
      if (head === undefined || line === undefined || sent === undefined) return;
      const wish = "one";
      const again: HistoryLine = { ...line, event: { ...line.event, seq: head.head + 1, id: "again" } };
      const spoiled = replace(lines, sent, { ...sent, wish }, { ...sent, wish, id: "again" }) ?? [];
      return [...(replace(spoiled, head, { ...head, head: head.head + 1 }) ?? []), again];
    },
  },
  {
    name: "rights judged at the session only",
    finds: "R5",
    mutate(lines) {
      // What the one who is removed said last comes after the removal.
      const removal = all(lines, "final-log").find(({ event }) => event.members?.[0]?.change === "removed");
      const head = all(lines, "final-head")[0];
      const last = messages(lines).findLast(({ event }) => event.sender === "cy" && event.isDeleted === undefined);
      if (removal === undefined || head === undefined) return;
      const connected = all(lines, "connected").findLast(({ user }) => user === "cy");
      const resumed = all(lines, "resumed").find(({ connection }) => connection === connected?.connection);
      const bob = messages(lines).find(({ event }) => event.isDeleted === undefined)?.event ?? last?.event;
      if (connected === undefined || resumed === undefined || bob === undefined) return;
      const { content } = bob;
      const asked = { line: "invoke", at: 0, connection: connected.connection, id: "late", channel: "room" } as const;
      const late = { ...bob, sender: "cy", id: "late", seq: head.head + 1, content: { rest: content.rest } };
      const spoiled =
        replace(lines, resumed, resumed, { ...asked, type: "send", content: { rest: content.rest } }) ?? [];
      const { isEdited: _, ...stored } = late;
      const end: HistoryLine = { line: "final-log", at: 0, event: stored };
      return [...(replace(spoiled, head, { ...head, head: head.head + 1 }) ?? []), end];
    },
  },
  {
    name: "rights refused to an owner",
    finds: "C11",
    mutate: (lines) => withRefusal(lines, "forbidden", { type: "channel.invite", subject: "eve" }),
  },
  {
    name: "a message that is there and is not found",
    finds: "C11",
    mutate(lines) {
      const target = messages(lines).find(({ event }) => event.isDeleted === undefined)?.event.seq;
      return target === undefined ? undefined : withRefusal(lines, "not_found", { type: "react", target });
    },
  },
  {
    name: "a conflict against an event in flight",
    finds: "C11",
    mutate: (lines) => withRefusal(lines, "conflict", {}),
  },
];

const mark: HistoryLine = { line: "mark", at: 0, what: "time goes by" };
