import type { LogEvent } from "@parley/store";
import { foldOf } from "./fold-of.ts";
import type { History, ReadPage } from "./history.ts";
import type { StoreModel } from "./store-model.ts";

/** C7, C8 and rules 20 and 22: what one page of a channel showed. */
export function checkPage(history: History, page: ReadPage, log: readonly LogEvent[], store: StoreModel): void {
  const { after, answeredAt, askedAt, before, channel, events, floor, isComplete, user } = page;
  const fold = foldOf(log);
  const where = `a page of ${channel} for ${user}, ${askedAt}–${answeredAt} ms`;
  let last = 0;
  for (const { deleted, kind, seq, text } of events) {
    const event = log[seq - 1];
    if (event === undefined || event.body.kind !== kind) {
      history.violate("C7", `${where}: ${seq} is not in the log like that`);
      continue;
    }
    if (seq <= last) history.violate("C7", `${where}: ${seq} after ${last}`);
    last = seq;
    if (!fold.maySee(user, seq)) history.violate("C8", `${where}: ${seq} is outside the membership`);
    if (kind !== "message") continue;
    // What was deleted before it was asked for is deleted; what was edited shows an edit that is not older.
    const known = store.headAt(askedAt);
    const isDeleted = log.slice(0, known).some(({ body }) => body.kind === "delete" && body.target === seq);
    if (isDeleted && deleted !== true) history.violate("20", `${where}: ${seq} was deleted, and shows "${text}"`);
    if (deleted === true) continue;
    const edits = log.filter(({ body }) => body.kind === "edit" && body.target === seq);
    const newest = edits.findLast((edit) => edit.seq <= known);
    const texts = edits.filter((edit) => edit.seq >= (newest?.seq ?? 0)).map(({ body }) => textOf(body));
    if (newest === undefined) texts.push(textOf(event.body));
    if (!texts.includes(text)) history.violate("20", `${where}: ${seq} shows "${text}", which is older than its edits`);
  }
  // A page that goes on to the end, or begins there, reaches what its reader knew.
  const isToTheEnd = before === undefined && (after === undefined || isComplete);
  const end = fold.intervalsOf(user).at(-1)?.to ?? 0;
  const wanted = Math.min(floor, end === 0 ? Number.POSITIVE_INFINITY : end);
  if (isToTheEnd && wanted > (after ?? 0) && last < wanted)
    history.violate("C7", `${where}: reaches ${last}, and ${wanted} was known`);
}

function textOf(body: LogEvent["body"]): string | undefined {
  return body.kind === "message" || body.kind === "edit" ? body.text : undefined;
}
