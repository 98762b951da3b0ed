import type { Remark } from "../chat-state.ts";
import type { Conversation, Message, Notice, Pending } from "../conversation.ts";
import { cut, fit, plain, widthOf, wrap } from "../plain-text.ts";
import { type Color, colorOf } from "./colors.ts";

/** A piece of one row in one style. */
export interface Span {
  readonly text: string;
  readonly color?: Color;
  readonly isBold?: boolean;
  readonly isDim?: boolean;
  readonly isInverse?: boolean;
  readonly isItalic?: boolean;
}

/** One line of the screen. */
export type Row = readonly Span[];

const nameWidthMax = 12;
/** "#1234 ✓✓" */
const marginWidth = 9;
/** Messages of one person within so many ms stand together under one name. */
const togetherMs = 5 * 60_000;

/** Lines of a text by the message that says it: breaking lines is what drawing costs, and messages hardly change. */
const brokenLines = new WeakMap<Message | Pending, { readonly width: number; readonly lines: readonly string[] }>();

function linesOf(source: Message | Pending, text: string, width: number): readonly string[] {
  const known = brokenLines.get(source);
  if (known?.width === width) return known.lines;
  const lines = wrap(text, width).map((line) => fit(line, width));
  brokenLines.set(source, { width, lines });
  return lines;
}

interface Layout {
  readonly width: number;
  readonly nameWidth: number;
  readonly me: string;
}

/**
 * The end of the conversation as rows of `width` columns, the newest last: at least `rowsMin` of them if it has so many.
 * With `until`, what came after that seq is left out: who reads what was before must not have it move under their eyes.
 * Pure: the same state gives the same rows.
 */
export function rowsOf(
  conversation: Conversation,
  allRemarks: readonly Remark[],
  width: number,
  rowsMin: number,
  until = Number.POSITIVE_INFINITY,
): readonly Row[] {
  const { me } = conversation;
  const known =
    until === Number.POSITIVE_INFINITY ? conversation.items : conversation.items.filter(({ seq }) => seq <= until);
  const remarks = allRemarks.filter(({ after }) => after <= until);
  // No item takes less than one row.
  const items = known.slice(-rowsMin);
  const isCut = items.length < known.length;
  const senders = new Set(items.flatMap((item) => (item.kind === "message" ? [item.sender] : [])));
  const names = [...senders].map(widthOf);
  const layout: Layout = { width, me, nameWidth: Math.min(nameWidthMax, Math.max(4, widthOf(me), ...names)) };
  const rows: Row[] = [];
  let remarkAt = 0;
  if (isCut) remarkAt = remarks.findIndex(({ after }) => after >= (items[0]?.seq ?? 0));
  else if (conversation.isComplete) rows.push(centered("the beginning", width));
  else if (items.length > 0) rows.push(centered("Page Up or /history shows what was before", width));
  if (remarkAt < 0) remarkAt = remarks.length;
  let previous: Message | Notice | undefined;
  for (const item of items) {
    for (; (remarks[remarkAt]?.after ?? Number.POSITIVE_INFINITY) < item.seq; remarkAt += 1) {
      rows.push(...remarkRows(remarks[remarkAt], width));
    }
    if (previous === undefined || dayOf(previous.time) !== dayOf(item.time)) rows.push(dayRow(item.time, width));
    if (item.kind === "notice") rows.push(centered(item.text, width));
    else rows.push(...messageRows(conversation, item, previous, layout));
    previous = item;
  }
  for (const remark of remarks.slice(remarkAt)) rows.push(...remarkRows(remark, width));
  if (until !== Number.POSITIVE_INFINITY) return rows;
  for (const pending of conversation.pending.values()) rows.push(...pendingRows(conversation, pending, layout));
  return rows;
}

function messageRows(
  conversation: Conversation,
  message: Message,
  previous: Message | Notice | undefined,
  layout: Layout,
): readonly Row[] {
  const { sender, time, seq, replyTo } = message;
  const isTogether =
    previous?.kind === "message" &&
    previous.sender === sender &&
    time - previous.time < togetherMs &&
    dayOf(previous.time) === dayOf(time);
  const isMine = sender === layout.me;
  const margin = `#${seq}${isMine ? ` ${readMark(conversation, seq)}` : ""}`;
  const text = message.isDeleted ? "deleted" : `${message.text}${message.isEdited ? " (edited)" : ""}`;
  const head = isTogether ? "" : sender;
  const rows: Row[] = [];
  if (replyTo !== undefined) rows.push(quoteRow(conversation, replyTo, layout));
  const style = message.isDeleted ? { isDim: true, isItalic: true } : {};
  rows.push(...textRows(message, text, head, isTogether ? "" : clock(time), margin, style, layout));
  if (message.reactions.size > 0) rows.push(reactionRow(message, layout));
  return rows;
}

/** ✓ the server has it; ✓✓ everybody has read it; between the two, how many have. */
function readMark(conversation: Conversation, seq: number): string {
  const others = conversation.others.length;
  const readers = conversation.readers(seq);
  if (others > 0 && readers >= others) return "✓✓";
  return readers > 0 ? `✓${readers}` : "✓";
}

function pendingRows(conversation: Conversation, pending: Pending, layout: Layout): readonly Row[] {
  const { state, text, problem, replyTo } = pending;
  const rows: Row[] = replyTo === undefined ? [] : [quoteRow(conversation, replyTo, layout)];
  const margin = state === "failed" ? "✗" : state === "sent" ? "sent ✓" : state === "sending" ? "sending…" : "waiting…";
  rows.push(...textRows(pending, text, layout.me, "", margin, { isDim: true }, layout));
  if (problem !== undefined) {
    const width = layout.width - gutterWidth(layout);
    rows.push([
      { text: " ".repeat(gutterWidth(layout)) },
      { text: fit(plain(`not sent: ${problem}`), width), color: "red" },
    ]);
  }
  return rows;
}

function gutterWidth({ nameWidth }: Layout): number {
  return 6 + nameWidth + 1;
}

function textRows(
  source: Message | Pending,
  text: string,
  head: string,
  time: string,
  margin: string,
  style: Omit<Span, "text">,
  layout: Layout,
): readonly Row[] {
  const { nameWidth, width } = layout;
  const textWidth = Math.max(8, width - gutterWidth(layout) - marginWidth - 1);
  const lines = linesOf(source, text, textWidth);
  return lines.map((line, at): Row => {
    const isFirst = at === 0;
    const isLast = at === lines.length - 1;
    const shown = isFirst ? head : "";
    return [
      { text: `${fit(isFirst ? time : "", 5)} `, isDim: true },
      { text: `${fit(plain(shown), nameWidth)} `, color: colorOf(shown), isBold: true },
      { text: line, ...style },
      {
        text: ` ${" ".repeat(Math.max(0, marginWidth - widthOf(margin)))}${isLast ? margin : " ".repeat(widthOf(margin))}`,
        isDim: true,
      },
    ];
  });
}

function quoteRow(conversation: Conversation, seq: number, layout: Layout): Row {
  const quoted = conversation.find(seq);
  const words = quoted === undefined ? `#${seq}` : `${quoted.sender}: ${quoted.isDeleted ? "deleted" : quoted.text}`;
  const width = layout.width - gutterWidth(layout) - marginWidth;
  return [
    { text: " ".repeat(gutterWidth(layout)) },
    { text: fit(`╭ ${plain(words).replaceAll("\n", " ")}`, Math.max(8, width)), isDim: true },
  ];
}

function reactionRow(message: Message, layout: Layout): Row {
  const words = [...message.reactions].map(([emoji, users]) => `${plain(emoji)} ${users.join(", ")}`).join("   ");
  return [
    { text: " ".repeat(gutterWidth(layout)) },
    { text: fit(words, Math.max(8, layout.width - gutterWidth(layout))), isDim: true },
  ];
}

function remarkRows(remark: Remark | undefined, width: number): readonly Row[] {
  if (remark === undefined) return [];
  const color: Color = remark.isProblem ? "red" : "gray";
  return remark.lines.flatMap((line) => wrap(line, width - 2).map((part): Row => [{ text: `  ${part}`, color }]));
}

function centered(text: string, width: number): Row {
  const shown = cut(plain(text), width);
  return [{ text: `${" ".repeat(Math.floor((width - widthOf(shown)) / 2))}${shown}`, isDim: true }];
}

const dayFormat = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });

function dayRow(time: number, width: number): Row {
  const day = ` ${dayOf(time) === dayOf(Date.now()) ? "today" : dayFormat.format(time)} `;
  const dashes = Math.max(0, width - widthOf(day));
  return [{ text: `${"─".repeat(Math.floor(dashes / 2))}${day}${"─".repeat(Math.ceil(dashes / 2))}`, isDim: true }];
}

/** The same number for all times of one local day. */
function dayOf(time: number): number {
  const date = new Date(time);
  return (date.getFullYear() * 12 + date.getMonth()) * 31 + date.getDate();
}

function clock(time: number): string {
  const date = new Date(time);
  return `${String(date.getHours()).padStart(2, "0")}:${String(date.getMinutes()).padStart(2, "0")}`;
}
