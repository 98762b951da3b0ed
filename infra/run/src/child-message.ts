import type { ProcessLine } from "./ready.ts";

/** What a process of the fleet tells the command that started it, over the IPC channel. */
export type ChildMessage =
  | { readonly kind: "up"; readonly up: Up }
  /** A line for whoever watches the start (what it waits for). */
  | { readonly kind: "say"; readonly line: string };

/** Everything in the process is up and announced. */
export interface Up {
  /** One a part: a joined process has two. */
  readonly parts: readonly Omit<ProcessLine, "pid">[];
  readonly ws?: string;
  readonly http?: string;
  readonly presence?: string;
  readonly management: string;
  /** Settings that a restart must repeat, so that it is found at the same addresses. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Anything else on the channel is not ours. */
export function isChildMessage(message: unknown): message is ChildMessage {
  if (typeof message !== "object" || message === null || !("kind" in message)) return false;
  return (message.kind === "up" && "up" in message) || (message.kind === "say" && "line" in message);
}

/** Does nothing in a process that was not started by the command. */
export function tellParent(message: ChildMessage): void {
  if (process.connected) process.send?.(message);
}
