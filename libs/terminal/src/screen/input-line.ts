import { type Key, Text, useInput, usePaste } from "ink";
import { createElement as h, type ReactElement, useRef, useState } from "react";
import { plain, widthOf } from "../plain-text.ts";
import {
  emptyInput,
  type InputBuffer,
  inputOf,
  insert,
  move,
  removeAllAfter,
  removeAllBefore,
  removeBefore,
  removeWordBefore,
  textOf,
  visiblePart,
} from "./input-buffer.ts";

const rememberedMax = 100;

export interface InputLineProps {
  readonly width: number;
  readonly prompt: string;
  readonly onSubmit: (text: string) => void;
  readonly onTyping: () => void;
  /** By so many pages, up if positive. */
  readonly onScroll: (pages: number) => void;
  readonly onStep: (by: 1 | -1) => void;
  readonly onQuit: () => void;
}

/** Where one writes: a line with a cursor, and the lines sent before under the up arrow. */
export function InputLine(props: InputLineProps): ReactElement {
  const { width, prompt, onSubmit, onTyping } = props;
  const [buffer, setBuffer] = useState(emptyInput);
  // Keys come faster than renders: the next one must see what the last one did.
  const latest = useRef(buffer);
  const remembered = useRef<readonly string[]>([]);
  const rememberedAt = useRef<number | undefined>(undefined);

  const set = (next: InputBuffer): void => {
    latest.current = next;
    setBuffer(next);
  };
  const submit = (): void => {
    const text = textOf(latest.current);
    set(emptyInput);
    if (text.trim() === "") return;
    remembered.current = [...remembered.current, text].slice(-rememberedMax);
    rememberedAt.current = undefined;
    onSubmit(text);
  };
  const recall = (by: 1 | -1): void => {
    const lines = remembered.current;
    const at = Math.max(0, Math.min(lines.length, (rememberedAt.current ?? lines.length) + by));
    rememberedAt.current = at;
    set(inputOf(lines[at] ?? ""));
  };
  const type = (text: string): void => {
    const clean = plain(text);
    if (clean === "") return;
    set(insert(latest.current, clean));
    if (!textOf(latest.current).startsWith("/")) onTyping();
  };

  useInput((input, key) => {
    const edited = editByKey(latest.current, input, key);
    if (edited !== undefined) set(edited);
    else if (key.ctrl && (input === "c" || input === "d")) props.onQuit();
    else if (key.return) submit();
    else if (key.tab) props.onStep(key.shift ? -1 : 1);
    else if (key.ctrl && input === "n") props.onStep(1);
    else if (key.ctrl && input === "p") props.onStep(-1);
    else if (key.pageUp) props.onScroll(1);
    else if (key.pageDown) props.onScroll(-1);
    else if (key.upArrow) recall(-1);
    else if (key.downArrow) recall(1);
    else if (!key.ctrl && !key.meta && !key.escape) {
      // What arrives in one piece may hold several lines, each ended by the Enter key.
      const lines = input.split("\r");
      for (const [at, line] of lines.entries()) {
        type(line);
        if (at < lines.length - 1) submit();
      }
    }
  });
  usePaste((text) => type(text.replaceAll("\r\n", "\n").replaceAll("\r", "\n")));

  const [before, under, after] = visiblePart(buffer, Math.max(4, width - widthOf(prompt) - 2));
  return h(
    Text,
    { wrap: "truncate" },
    h(Text, { color: "cyan", bold: true }, ` ${prompt}`),
    before,
    h(Text, { inverse: true }, under),
    after,
  );
}

/** The keys of a shell's line. Undefined: none of them. */
function editByKey(buffer: InputBuffer, input: string, key: Key): InputBuffer | undefined {
  if (key.backspace || key.delete) return removeBefore(buffer);
  if (key.leftArrow) return move(buffer, -1);
  if (key.rightArrow) return move(buffer, 1);
  if (key.home || (key.ctrl && input === "a")) return move(buffer, Number.NEGATIVE_INFINITY);
  if (key.end || (key.ctrl && input === "e")) return move(buffer, Number.POSITIVE_INFINITY);
  if (key.ctrl && input === "u") return removeAllBefore(buffer);
  if (key.ctrl && input === "k") return removeAllAfter(buffer);
  if (key.ctrl && input === "w") return removeWordBefore(buffer);
  if (key.escape) return emptyInput;
  return undefined;
}
