import type { HistoryLine, SeenEvent } from "../history/lines.ts";
import { all, messages, replace, type Spoiler } from "./spoil.ts";

/** The whole history with two events changed for each other, wherever they are shown. */
function exchange(lines: readonly HistoryLine[], a: SeenEvent, b: SeenEvent): readonly HistoryLine[] {
  const seqs = new Map([
    [a.seq, b.seq],
    [b.seq, a.seq],
  ]);
  const changed = new Map<SeenEvent, SeenEvent>();
  const finals = new Map(all(lines, "final-log").map(({ event }) => [event.seq, event]));
  const swap = (event: SeenEvent): SeenEvent => {
    const other = finals.get(seqs.get(event.seq) ?? 0);
    if (other === undefined) return event;
    const known = changed.get(event) ?? { ...other, seq: event.seq, time: event.time };
    changed.set(event, known);
    return known;
  };
  return lines.map((line): HistoryLine => {
    if (line.line === "ok") return { ...line, seq: seqs.get(line.seq) ?? line.seq };
    if (line.line === "delivered" || line.line === "final-log") return { ...line, event: swap(line.event) };
    return line.line === "page" ? { ...line, events: line.events.map(swap) } : line;
  });
}

/** Two messages, the first acked before the second was sent, none of them changed later. */
function findSequential(lines: readonly HistoryLine[], isOneDevice: boolean) {
  const targets = new Set(
    all(lines, "final-log").flatMap(({ event }) => (event.target === undefined ? [] : [event.target])),
  );
  const plain = messages(lines).filter(({ event }) => !targets.has(event.seq));
  for (const { event: a } of plain) {
    const ack = all(lines, "ok").find(({ id }) => id === a.id);
    for (const { event: b } of plain) {
      const [sentA, sentB] = [a, b].map((one) => all(lines, "invoke").find(({ id }) => id === one.id));
      if (ack === undefined || sentA === undefined || sentB === undefined || a.seq >= b.seq) continue;
      const isSame = a.sender === b.sender && deviceOf(a) === deviceOf(b);
      if (isOneDevice ? isSame && sentA.at < sentB.at : !isSame && ack.at < sentB.at) return { a, b };
    }
  }
  return undefined;
}

function deviceOf({ id }: SeenEvent): string {
  return String(id).split("-")[0] ?? "";
}

/** Logs, acks, deliveries and pages that are not as they should be. */
export const spoiledLogs: readonly Spoiler[] = [
  {
    name: "an ack before the event was stored",
    finds: "C1",
    mutate(lines) {
      const last = all(lines, "final-log").at(-1);
      const head = all(lines, "final-head")[0];
      if (last === undefined || head === undefined || !all(lines, "ok").some(({ seq }) => seq === last.event.seq))
        return;
      return replace(replace(lines, last) ?? [], head, { ...head, head: head.head - 1 });
    },
  },
  {
    name: "an ack for other content",
    finds: "C1",
    mutate(lines) {
      const ack = all(lines, "ok").find(({ seq }) => messages(lines).some(({ event }) => event.seq === seq));
      const line = messages(lines).find(({ event }) => event.seq === ack?.seq);
      if (line === undefined) return;
      return replace(lines, line, {
        ...line,
        event: { ...line.event, isDeleted: undefined, content: { text: "x", rest: "y" } } as never,
      });
    },
  },
  {
    name: "an edit that does not show",
    finds: "C1",
    mutate(lines) {
      const line = messages(lines).find(({ event }) => event.isEdited);
      const sent = all(lines, "invoke").find(({ id }) => id === line?.event.id);
      if (line === undefined || sent === undefined) return;
      return replace(lines, line, { ...line, event: { ...line.event, content: sent.content } });
    },
  },
  {
    name: "a retry that made a second event",
    finds: "C2",
    mutate(lines) {
      const line = messages(lines)[0];
      const head = all(lines, "final-head")[0];
      if (line === undefined || head === undefined) return;
      const again: HistoryLine = { ...line, event: { ...line.event, seq: head.head + 1 } };
      return [...(replace(lines, head, { ...head, head: head.head + 1 }) ?? []), again];
    },
  },
  {
    name: "two acks of one request with different seqs",
    finds: "C2",
    mutate(lines) {
      const ack = all(lines, "ok").find(({ id }) => id !== "create");
      const sent = all(lines, "invoke").find(({ id }) => id === ack?.id);
      if (ack === undefined || sent === undefined) return;
      return replace(lines, ack, ack, sent, { ...ack, seq: ack.seq + 1 });
    },
  },
  { name: "a hole in the log", finds: "C3", mutate: (lines) => replace(lines, all(lines, "final-log").at(-2)) },
  {
    name: "a delivery that was dropped by the relay",
    finds: "C4",
    mutate(lines) {
      const sent = (connection: number, seq: number) =>
        all(lines, "delivered").find((one) => one.connection === connection && one.event.seq === seq);
      const line = all(lines, "delivered").find(
        ({ connection, event }) =>
          sent(connection, event.seq - 1) !== undefined && sent(connection, event.seq + 1) !== undefined,
      );
      return replace(lines, line);
    },
  },
  {
    name: "no dedupe in the relay",
    finds: "C4",
    mutate(lines) {
      const line = all(lines, "delivered")[0];
      return line && replace(lines, line, line, line);
    },
  },
  {
    name: "other bytes for one of the members",
    finds: "C4",
    mutate(lines) {
      const delivered = all(lines, "delivered");
      const touched = new Set(all(lines, "final-log").map(({ event }) => event.target));
      const line = delivered.find(
        (one) =>
          !touched.has(one.event.seq) &&
          one.event.kind === "message" &&
          delivered.some((other) => other !== one && other.event === one.event),
      );
      return line && replace(lines, line, { ...line, event: { ...line.event, bytes: "other" } });
    },
  },
  {
    name: "the SDK handing over an event twice",
    finds: "C4",
    mutate(lines) {
      const line = all(lines, "handled")[0];
      return line && replace(lines, line, line, line);
    },
  },
  {
    name: "an event that nobody sent",
    finds: "C5",
    mutate(lines) {
      const head = all(lines, "final-head")[0];
      const line = messages(lines)[0];
      if (head === undefined || line === undefined) return;
      const ghost: HistoryLine = { ...line, event: { ...line.event, seq: head.head + 1, id: "ghost" } };
      return [...(replace(lines, head, { ...head, head: head.head + 1 }) ?? []), ghost];
    },
  },
  {
    name: "a refusal of what is stored all the same",
    finds: "C5",
    mutate(lines) {
      const ack = all(lines, "ok").find(
        ({ id }) => id !== "create" && all(lines, "invoke").filter((invoke) => invoke.id === id).length === 1,
      );
      return ack && replace(lines, ack, { ...ack, line: "refused", code: "forbidden" });
    },
  },
  {
    name: "a later request before an acked one",
    finds: "C6",
    mutate(lines) {
      const pair = findSequential(lines, false);
      return pair && exchange(lines, pair.a, pair.b);
    },
  },
  {
    name: "a device's own order lost",
    finds: "C6",
    mutate(lines) {
      const pair = findSequential(lines, true);
      return pair && exchange(lines, pair.a, pair.b);
    },
  },
  {
    name: "a page that does not hold one's own acked write",
    finds: "C7",
    mutate(lines) {
      const user = (connection: number) => all(lines, "connected").find((one) => one.connection === connection)?.user;
      const ack = all(lines, "ok").at(-1);
      if (ack === undefined || user(ack.connection) === undefined) return;
      const { connection, channel } = ack;
      const stale: HistoryLine[] = [
        { line: "read", at: ack.at + 0.1, connection, id: "stale", channel, after: ack.seq - 1 },
        { line: "page", at: ack.at + 0.2, connection, id: "stale", isComplete: true, events: [] },
      ];
      return replace(lines, ack, ack, ...stale);
    },
  },
  {
    name: "a delivery that was rolled back",
    finds: "C7",
    mutate(lines) {
      const last = all(lines, "final-log").at(-1);
      const head = all(lines, "final-head")[0];
      if (last === undefined || head === undefined) return;
      if (!all(lines, "delivered").some(({ event }) => event.seq === last.event.seq)) return;
      return replace(replace(lines, last) ?? [], head, { ...head, head: head.head - 1 });
    },
  },
  {
    name: "a removed member who is still served",
    finds: "C8",
    mutate(lines) {
      const removal = all(lines, "final-log").find(({ event }) => event.members?.[0]?.change === "removed");
      const next = all(lines, "final-log").find(({ event }) => event.seq === (removal?.event.seq ?? 0) + 1);
      const end = all(lines, "delivered").findLast(
        ({ event, connection }) =>
          event.seq === removal?.event.seq &&
          all(lines, "connected").some((one) => one.connection === connection && one.user === "cy"),
      );
      return next && end && replace(lines, end, end, { ...end, event: next.event });
    },
  },
  {
    name: "a member who never reaches the head",
    finds: "C9",
    mutate(lines) {
      const line = all(lines, "settled")[0];
      return line && replace(lines, line, { ...line, reached: { room: 1 } });
    },
  },
  {
    name: "an outbox that never empties",
    finds: "C9",
    mutate(lines) {
      const line = all(lines, "settled")[0];
      return line && replace(lines, line, { ...line, outbox: 1 });
    },
  },
  {
    name: "a refusal by a home that does not know the membership",
    finds: "C11",
    mutate(lines) {
      const ack = all(lines, "ok").find(({ id }) => id !== "create");
      const sent = all(lines, "invoke").find(({ id }) => id === ack?.id);
      if (ack === undefined || sent === undefined) return;
      const refused: HistoryLine[] = [
        { ...sent, id: "stale", at: ack.at + 0.1 },
        { line: "refused", at: ack.at + 0.2, connection: sent.connection, id: "stale", code: "not_member" },
      ];
      const isOwner = all(lines, "connected").some(
        ({ connection, user }) => connection === sent.connection && user === "ada",
      );
      return isOwner ? replace(lines, ack, ack, ...refused) : undefined;
    },
  },
  {
    name: "a conflict with oneself",
    finds: "C11",
    mutate(lines) {
      const ack = all(lines, "ok").find(({ id }) => id !== "create");
      const sent = all(lines, "invoke").find(({ id }) => id === ack?.id);
      if (ack === undefined || sent === undefined) return;
      return replace(lines, ack, ack, sent, { ...ack, line: "refused", code: "conflict" });
    },
  },
];
