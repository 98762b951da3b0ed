import type { ChannelSummary, ConnectionState } from "@parley/client";
import { Conversation } from "./conversation.ts";

/** Something that the program itself says, shown in the open conversation below the events of its time. */
export interface Remark {
  readonly after: number;
  readonly lines: readonly string[];
  readonly isProblem: boolean;
}

const remarksMax = 20;

/** All that the screen shows. Changes are told to listeners; the screen draws from it and never changes it. */
export class ChatState {
  readonly me: string;
  readonly conversations = new Map<string, Conversation>();
  /** Whether each known user is online; left out: not known. */
  readonly presence = new Map<string, boolean>();
  readonly remarks = new Map<string, readonly Remark[]>();
  connection: ConnectionState = { kind: "idle" };
  /** The channel of the open conversation. */
  open: string | undefined;
  #version = 0;
  readonly #listeners = new Set<() => void>();

  constructor(me: string) {
    this.me = me;
  }

  /** Grows with every change. */
  get version(): number {
    return this.#version;
  }

  /** Returns the function that takes the listener off again. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  changed(): void {
    this.#version += 1;
    for (const listener of this.#listeners) listener();
  }

  conversation(channel: string): Conversation {
    const known = this.conversations.get(channel);
    if (known !== undefined) return known;
    const made = new Conversation(channel, this.me);
    this.conversations.set(channel, made);
    return made;
  }

  get current(): Conversation | undefined {
    return this.open === undefined ? undefined : this.conversations.get(this.open);
  }

  describe(channels: readonly ChannelSummary[]): void {
    for (const summary of channels) this.conversation(summary.channel).describe(summary);
  }

  /** In a steady order: people first, then groups, each by name. */
  get listed(): readonly Conversation[] {
    return [...this.conversations.values()].sort((a, b) => {
      if (a.kind !== b.kind) return a.kind === "direct" ? -1 : 1;
      return a.title.localeCompare(b.title) || a.channel.localeCompare(b.channel);
    });
  }

  findByName(name: string): Conversation | undefined {
    const wanted = name.replace(/^#/, "").toLowerCase();
    const { listed } = this;
    const byTitle = (conversation: Conversation): string => conversation.title.replace(/^#/, "").toLowerCase();
    return (
      listed.find((conversation) => byTitle(conversation) === wanted || conversation.channel === name) ??
      listed.find((conversation) => byTitle(conversation).startsWith(wanted))
    );
  }

  remark(lines: string | readonly string[], isProblem = false): void {
    const channel = this.open ?? "";
    const after = this.current?.head ?? 0;
    const remark = { after, lines: typeof lines === "string" ? [lines] : lines, isProblem };
    this.remarks.set(channel, [...(this.remarks.get(channel) ?? []), remark].slice(-remarksMax));
    this.changed();
  }
}
