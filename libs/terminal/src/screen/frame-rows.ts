import type { ConnectionState } from "@parley/client";
import type { ChatState } from "../chat-state.ts";
import type { Conversation } from "../conversation.ts";
import { fit, plain, widthOf } from "../plain-text.ts";
import { colorOf } from "./colors.ts";
import type { Row, Span } from "./rows.ts";

/** The top line: who we are, whom we talk with, whether there is a connection. */
export function headOf(state: ChatState, width: number): Row {
  const { current } = state;
  const right = connectionSpan(state.connection);
  const left: Span[] = [{ text: " Parley ", isInverse: true, isBold: true }, { text: "  " }];
  if (current !== undefined) {
    left.push({ text: plain(current.title), isBold: true });
    left.push({ text: `  ${peopleOf(state, current)}`, isDim: true });
  }
  const me: Span = { text: `${state.me} `, color: colorOf(state.me), isBold: true };
  const used = [...left, me, right].reduce((sum, span) => sum + widthOf(span.text), 0);
  if (used > width) return [left[0] ?? me, { text: fit("", Math.max(0, width - 8 - widthOf(right.text) - 1)) }, right];
  return [...left, { text: " ".repeat(width - used) }, me, right];
}

function peopleOf(state: ChatState, conversation: Conversation): string {
  const { others } = conversation;
  if (conversation.kind === "direct") {
    const isOnline = others[0] === undefined ? undefined : state.presence.get(others[0]);
    return isOnline === undefined ? "" : isOnline ? "● online" : "○ offline";
  }
  const online = others.filter((user) => state.presence.get(user) === true).length;
  const count = conversation.members.size;
  return `${count} ${count === 1 ? "member" : "members"}, ${online === 1 ? "1 other" : `${online} others`} online`;
}

function connectionSpan(connection: ConnectionState): Span {
  switch (connection.kind) {
    case "online":
      return { text: "● connected ", color: "green" };
    case "idle":
    case "connecting":
      return { text: "◌ connecting… ", color: "yellow" };
    case "waiting":
      return { text: "○ not connected ", color: "red" };
    case "stopped":
    case "closed":
      return { text: "✗ stopped ", color: "red" };
    default:
      return connection satisfies never;
  }
}

/** Shown while there is no connection; undefined while there is one. */
export function bannerOf(connection: ConnectionState, now: number): Span | undefined {
  if (connection.kind === "waiting") {
    const seconds = Math.max(0, Math.ceil((connection.retryAt - now) / 1_000));
    const when = seconds === 0 ? "now" : `in ${seconds} s`;
    const text = `Not connected. Trying again ${when} (Enter: at once). What you write is kept and sent then.`;
    return { text, color: "yellow", isInverse: true };
  }
  if (connection.kind === "connecting" && connection.attempt > 0) {
    return { text: `Connecting again (attempt ${connection.attempt})…`, color: "yellow", isInverse: true };
  }
  if (connection.kind === "stopped") {
    return { text: `Disconnected: ${whyStopped(connection)} Enter: again.`, color: "red", isInverse: true };
  }
  return undefined;
}

/** By the protocol's close codes. */
function whyStopped({ closeCode, reason }: Extract<ConnectionState, { kind: "stopped" }>): string {
  if (closeCode === 4409) return "this device connected elsewhere.";
  if (closeCode === 4401) return "the token was refused. Is --data the folder of the running system?";
  return `${plain(reason)}.`;
}

/** The list of conversations, the open one marked, unread counts at the right. */
export function listRows(state: ChatState, width: number, height: number): readonly Row[] {
  const { listed } = state;
  const at = Math.max(
    0,
    listed.findIndex(({ channel }) => channel === state.open),
  );
  const from = Math.max(0, Math.min(at - Math.floor(height / 2), listed.length - height));
  return listed.slice(from, from + height).map((conversation): Row => {
    const isOpen = conversation.channel === state.open;
    const peer = conversation.kind === "direct" ? conversation.others[0] : undefined;
    const isOnline = peer !== undefined && state.presence.get(peer) === true;
    const count = conversation.unread === 0 || isOpen ? "" : ` ${Math.min(999, conversation.unread)} `;
    const title = fit(plain(conversation.title), Math.max(1, width - 4 - widthOf(count)));
    return [
      { text: isOpen ? "▸" : " " },
      { text: peer === undefined ? " " : isOnline ? "●" : "○", ...(isOnline ? { color: "green" } : { isDim: true }) },
      { text: ` ${title} `, isBold: isOpen || count !== "" },
      { text: count, isInverse: true, isBold: true, color: "yellow" },
    ];
  });
}

/** The line above the input: who is typing, how far the view is scrolled. */
export function footerOf(
  state: ChatState,
  width: number,
  scrolled: number,
  until: number | undefined,
  now: number,
): Row {
  const typing = state.current?.typing(now) ?? [];
  const words =
    typing.length === 0
      ? ""
      : typing.length === 1
        ? ` ${typing[0]} is typing… `
        : ` ${typing.slice(0, 3).join(", ")} are typing… `;
  const news = until === undefined ? 0 : (state.current?.items.filter(({ seq }) => seq > until).length ?? 0);
  const more = scrolled > 0 ? ` ↓ ${scrolled} lines${news > 0 ? ` and ${news} new` : ""} below (Page Down) ` : "";
  const dashes = Math.max(0, width - 2 - widthOf(words) - widthOf(more));
  return [
    { text: "──", isDim: true },
    { text: words, isItalic: true },
    { text: "─".repeat(dashes), isDim: true },
    { text: more, color: "yellow" },
  ];
}
