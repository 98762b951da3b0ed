import { render } from "ink";
import { createElement as h } from "react";
import type { Chat } from "../chat.ts";
import { Screen } from "./screen.ts";

/** Draws the chat on the terminal's other screen until `ended` resolves; then what was there before is back. */
export async function runScreen(chat: Chat, ended: Promise<void>): Promise<void> {
  const app = render(h(Screen, { chat }), {
    alternateScreen: true,
    exitOnCtrlC: false,
    incrementalRendering: true,
    maxFps: 30,
  });
  await ended;
  app.unmount();
  await app.waitUntilExit();
}
