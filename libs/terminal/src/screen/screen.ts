import { Box, Text, useWindowSize } from "ink";
import { createElement as h, type ReactElement, useEffect, useReducer, useRef, useState } from "react";
import type { Chat } from "../chat.ts";
import type { ChatState } from "../chat-state.ts";
import { fit, plain, widthOf } from "../plain-text.ts";
import { bannerOf, footerOf, headOf, listRows } from "./frame-rows.ts";
import { InputLine } from "./input-line.ts";
import { type Row, rowsOf, type Span } from "./rows.ts";

const listWidthMax = 24;
/** A narrower screen shows the conversation only. */
const narrowColumns = 56;
const tickMs = 500;
const redrawMs = 33;

/** The whole screen: list of conversations, the open one, what is being written. */
export function Screen({ chat }: { readonly chat: Chat }): ReactElement {
  const { state } = chat;
  useRedraw(state);
  const { columns, rows } = useWindowSize();
  /** Rows scrolled up from the newest. */
  const [scrolled, setScrolled] = useState(0);
  // Keys come faster than renders: the next one must see what the last one did.
  const latest = useRef(0);
  /** While scrolled up: the last event of that time, below which nothing new is drawn. */
  const until = useRef<number | undefined>(undefined);
  const conversation = state.current;
  const listWidth = columns < narrowColumns ? 0 : Math.min(listWidthMax, Math.floor(columns / 4));
  const width = Math.max(20, columns - listWidth - (listWidth > 0 ? 3 : 0));
  const banner = bannerOf(state.connection, Date.now());
  const height = Math.max(1, rows - 5 - (banner === undefined ? 0 : 1));

  // Two pages more than is shown, so that a page up finds its rows.
  const rowsMin = scrolled + 3 * height;
  const remarks = state.remarks.get(state.open ?? "") ?? [];
  const all = conversation === undefined ? [] : rowsOf(conversation, remarks, width, rowsMin, until.current);
  const remarksOnly = conversation === undefined ? remarks : [];
  const offsetMax = Math.max(0, all.length - height);
  const offset = Math.min(scrolled, offsetMax);
  const shown = all.slice(Math.max(0, all.length - height - offset), all.length - offset);
  const padded: Row[] = [...Array<Row>(Math.max(0, height - shown.length)).fill([]), ...shown];
  for (const [at, line] of remarksOnly
    .flatMap(({ lines }) => lines)
    .slice(-height)
    .entries()) {
    padded[at] = [{ text: `  ${line}`, color: "gray" }];
  }

  latest.current = offset;
  const scrollTo = (wanted: number): void => {
    if (wanted > 0 && wanted >= offsetMax) void chat.readOlder();
    latest.current = Math.min(offsetMax, Math.max(0, wanted));
    until.current = latest.current === 0 ? undefined : (until.current ?? conversation?.head);
    setScrolled(latest.current);
  };

  const list = listWidth === 0 ? [] : listRows(state, listWidth, height);
  const body = padded.map((row, at): Row => {
    if (listWidth === 0) return row;
    return [...(list[at] ?? [{ text: " ".repeat(listWidth) }]), { text: " │ ", isDim: true }, ...row];
  });
  const lines: Row[] = [
    headOf(state, columns),
    ...(banner === undefined ? [] : [[{ ...banner, text: fit(` ${banner.text}`, columns) }]]),
    [{ text: "─".repeat(columns), isDim: true }],
    ...body,
    footerOf(state, columns, offset, until.current, Date.now()),
  ];
  return h(
    Box,
    { flexDirection: "column", width: columns, height: rows },
    ...lines.map((row, at) => h(Line, { key: at, row })),
    h(InputLine, {
      width: columns,
      prompt: conversation === undefined ? "> " : `${plain(conversation.title)} > `,
      onSubmit: (text: string) => {
        scrollTo(0);
        chat.submit(text);
      },
      onTyping: () => chat.typing(),
      onScroll: (pages: number) => scrollTo(latest.current + pages * Math.max(1, height - 2)),
      onStep: (by: 1 | -1) => {
        scrollTo(0);
        chat.step(by);
      },
      onQuit: () => chat.submit("/quit"),
    }),
    h(Line, {
      row: [
        {
          text: fit(" Enter sends · Tab next conversation · Page Up/Down scroll · /help · Ctrl-C quits", columns - 1),
          isDim: true,
        },
      ],
    }),
  );
}

function Line({ row }: { readonly row: Row }): ReactElement {
  // An empty row must take its line all the same.
  const spans: readonly Span[] = row.length === 0 ? [{ text: " " }] : row;
  return h(
    Text,
    { wrap: "truncate" },
    ...spans.map(({ text, color, isBold, isDim, isInverse, isItalic }, at) =>
      h(
        Text,
        {
          key: at,
          bold: isBold === true,
          dimColor: isDim === true,
          inverse: isInverse === true,
          italic: isItalic === true,
          ...(color === undefined || widthOf(text.trim()) === 0 ? {} : { color }),
        },
        text,
      ),
    ),
  );
}

/**
 * Draws again after changes, but no more than so often: a hundred events at once are one change to the eye. Also twice a
 * second without any, since countdowns and "is typing" end without an event.
 */
function useRedraw(state: ChatState): void {
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    let waiting: ReturnType<typeof setTimeout> | undefined;
    const unsubscribe = state.subscribe(() => {
      waiting ??= setTimeout(() => {
        waiting = undefined;
        redraw();
      }, redrawMs);
    });
    const timer = setInterval(redraw, tickMs);
    return () => {
      unsubscribe();
      clearTimeout(waiting);
      clearInterval(timer);
    };
  }, [state]);
}
