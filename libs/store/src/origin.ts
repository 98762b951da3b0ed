import type { Seq } from "@parley/protocol";
import type { EventBody, LogEvent, OriginEffect, OriginState, StoredEvent } from "./message-store.ts";

/**
 * What is kept of edits and deletes beside a message, reactions apart. `editSeqs` names the edit events whose own text
 * must go when the message is deleted.
 */
export interface OriginRecord {
  readonly edit?: { readonly seq: Seq; readonly text: string; readonly time: number };
  readonly deleted?: Seq;
  readonly editSeqs?: readonly Seq[];
}

/**
 * One edit or delete applied to what was applied before.
 * **Order**, **Repeat**: any order, any number of times, the result is the same (rule 20).
 */
export function foldEffect(
  record: OriginRecord,
  effect: Extract<OriginEffect, { kind: "edit" | "delete" }>,
): OriginRecord {
  if (effect.kind === "delete") {
    const { edit: _erased, ...rest } = record;
    return { ...rest, deleted: Math.max(record.deleted ?? 0, effect.seq) };
  }
  const editSeqs = [...new Set([...(record.editSeqs ?? []), effect.seq])].sort((a, b) => a - b);
  const isNewer = record.deleted === undefined && effect.seq > (record.edit?.seq ?? 0);
  return isNewer
    ? { ...record, editSeqs, edit: { seq: effect.seq, text: effect.text, time: effect.time } }
    : { ...record, editSeqs };
}

/** The body without what a delete must erase. */
export function eraseBody(body: EventBody): EventBody {
  if (body.kind === "message") {
    const { text: _text, data: _data, ...rest } = body;
    return { ...rest, erased: true };
  }
  return body.kind === "edit" ? { kind: "edit", target: body.target, erased: true } : body;
}

type Reactions = NonNullable<OriginState["reactions"]>;

/** Puts an event and what was applied to it together; reactions in a fixed order, so that all stores agree. */
export function toStored(event: LogEvent, record: OriginRecord | undefined, reactions: Reactions): StoredEvent {
  if (record === undefined && reactions.length === 0) return { event };
  const origin: OriginState = {
    ...(record?.edit === undefined ? {} : { edit: record.edit }),
    ...(record?.deleted === undefined ? {} : { deleted: record.deleted }),
    ...(reactions.length === 0 ? {} : { reactions: [...reactions].sort(bySeq) }),
  };
  return Object.keys(origin).length === 0 ? { event } : { event, origin };
}

function bySeq(a: Reactions[number], b: Reactions[number]): number {
  return a.seq - b.seq;
}
