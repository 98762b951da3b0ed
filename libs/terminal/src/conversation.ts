import type { ChannelSummary, RequestChange, RequestState } from "@parley/client";
import type { EventFrame, MessageEventFrame } from "@parley/protocol";

export interface Message {
  readonly kind: "message";
  readonly seq: number;
  readonly sender: string;
  readonly time: number;
  readonly text: string;
  readonly replyTo?: number;
  readonly isEdited: boolean;
  readonly isDeleted: boolean;
  /** emoji → users. */
  readonly reactions: ReadonlyMap<string, readonly string[]>;
}

export interface Notice {
  readonly kind: "notice";
  readonly seq: number;
  readonly time: number;
  readonly text: string;
}

/** A message of ours that is not in the log yet, as far as we know. */
export interface Pending {
  readonly id: string;
  readonly text: string;
  readonly replyTo?: number;
  readonly state: RequestState;
  readonly problem?: string;
}

/** Events kept of one conversation; older ones are dropped and can be read again. */
const itemsMax = 2_000;
/** Failed messages that stay on the screen. */
const failedMax = 20;
const typingMs = 5_000;

/** One channel as it is shown: events folded into messages, who has read what, what is on its way. */
export class Conversation {
  readonly channel: string;
  readonly me: string;
  kind: "direct" | "group" = "group";
  name: string | undefined;
  head = 0;
  unread = 0;
  /** Nothing older is in the log than what we have. */
  isComplete = false;
  hasBeenRead = false;
  /** Its kind and name are known: from its first event, or from the server's list if we joined later. */
  isDescribed = false;
  readonly members = new Set<string>();
  readonly pending = new Map<string, Pending>();
  readonly #items = new Map<number, Message | Notice>();
  /** The items in order; undefined after a change. */
  #sorted: readonly (Message | Notice)[] | undefined;
  readonly #reads = new Map<string, number>();
  readonly #typing = new Map<string, number>();

  constructor(channel: string, me: string) {
    this.channel = channel;
    this.me = me;
  }

  /** What people call it: a group's name, the other one's name. */
  get title(): string {
    if (this.kind === "group") return `#${this.name ?? this.channel.slice(0, 8)}`;
    return this.others[0] ?? this.name ?? this.channel.slice(0, 8);
  }

  get others(): readonly string[] {
    return [...this.members].filter((user) => user !== this.me);
  }

  /** Ascending seq. */
  get items(): readonly (Message | Notice)[] {
    this.#sorted ??= [...this.#items.values()].sort((a, b) => a.seq - b.seq);
    return this.#sorted;
  }

  get lowestSeq(): number | undefined {
    return this.items[0]?.seq;
  }

  find(seq: number): Message | undefined {
    const item = this.#items.get(seq);
    return item?.kind === "message" ? item : undefined;
  }

  /** The last message that `isWanted` says yes to and that is not deleted. */
  findLast(isWanted: (message: Message) => boolean): Message | undefined {
    return this.items.findLast((item): item is Message => item.kind === "message" && !item.isDeleted && isWanted(item));
  }

  /** What it is, as the server's list of channels says. */
  identify(summary: ChannelSummary): void {
    this.kind = summary.kind;
    this.name = summary.name ?? this.name;
    this.isDescribed = true;
  }

  describe(summary: ChannelSummary): void {
    this.identify(summary);
    this.head = Math.max(this.head, summary.head);
    this.unread = summary.unread;
  }

  /** A page of history: its messages are folded up to the head, so its edits, deletes and reactions say nothing new. */
  acceptPage(events: readonly EventFrame[], reachesStart: boolean): void {
    for (const event of events) {
      if (event.kind === "message" || event.kind === "created" || event.kind === "member") this.#put(event);
    }
    if (reachesStart) this.isComplete = true;
  }

  /** An event as it happens. */
  accept(event: EventFrame): void {
    this.head = Math.max(this.head, event.seq);
    this.#typing.delete(event.sender);
    // Whoever writes has the conversation before their eyes.
    this.acceptRead(event.sender, event.seq);
    if (event.id !== undefined && event.sender === this.me) this.pending.delete(event.id);
    switch (event.kind) {
      case "message":
      case "created":
      case "member":
        this.#put(event);
        return;
      case "edit":
        this.#change(event.target, (message) => ({ ...message, text: event.text, isEdited: true }));
        return;
      case "delete":
        this.#change(event.target, (message) => ({ ...message, text: "", isDeleted: true, reactions: new Map() }));
        return;
      case "reaction":
        this.#change(event.target, (message) => react(message, event.emoji, event.sender, event.remove !== true));
        return;
      case "noop":
        return;
      default:
        event satisfies never;
    }
  }

  acceptRead(user: string, seq: number): void {
    if (seq > (this.#reads.get(user) ?? 0)) this.#reads.set(user, seq);
  }

  acceptTyping(user: string, now: number): void {
    if (user !== this.me) this.#typing.set(user, now + typingMs);
  }

  typing(now: number): readonly string[] {
    return [...this.#typing].flatMap(([user, until]) => (until > now ? [user] : []));
  }

  acceptRequest({ id, state, request, error }: RequestChange): void {
    if (request.type !== "send") return;
    // The event may have come before the ack; then the message is in its place already.
    if (state === "sent" && !this.pending.has(id)) return;
    const { text = "", replyTo } = request;
    const problem = error?.message;
    this.pending.set(id, {
      id,
      text,
      state,
      ...(replyTo === undefined ? {} : { replyTo }),
      ...(problem === undefined ? {} : { problem }),
    });
    const failed = [...this.pending.values()].filter((pending) => pending.state === "failed");
    for (const old of failed.slice(0, -failedMax)) this.pending.delete(old.id);
  }

  /** How many of the others have read up to `seq`. */
  readers(seq: number): number {
    return this.others.filter((user) => (this.#reads.get(user) ?? 0) >= seq).length;
  }

  /** The log was restored to an older state: all must be read again. */
  reset(head: number): void {
    this.#items.clear();
    this.#sorted = undefined;
    this.#reads.clear();
    this.head = head;
    this.isComplete = false;
    this.hasBeenRead = false;
  }

  #put(event: Extract<EventFrame, { kind: "message" | "created" | "member" }>): void {
    this.head = Math.max(this.head, event.seq);
    this.#sorted = undefined;
    if (event.kind === "message") {
      this.members.add(event.sender);
      this.acceptRead(event.sender, event.seq);
      this.#items.set(event.seq, toMessage(event));
      if (event.id !== undefined && event.sender === this.me) this.pending.delete(event.id);
    } else {
      this.#items.set(event.seq, { kind: "notice", seq: event.seq, time: event.time, text: this.#tell(event) });
    }
    if (this.#items.size <= itemsMax) return;
    const oldest = Math.min(...this.#items.keys());
    this.#items.delete(oldest);
    this.isComplete = false;
  }

  #tell(event: Extract<EventFrame, { kind: "created" | "member" }>): string {
    if (event.kind === "created") {
      this.kind = event.channelKind;
      this.isDescribed = true;
      this.name = event.name ?? this.name;
      for (const { user } of event.members) this.members.add(user);
      const others = event.members.map(({ user }) => user).filter((user) => user !== event.sender);
      return `${event.sender} started this conversation with ${others.join(", ") || "nobody else"}`;
    }
    const { user, sender, change, role } = event;
    if (change === "joined") this.members.add(user);
    if (change === "left" || change === "removed") this.members.delete(user);
    if (change === "joined") return user === sender ? `${user} joined` : `${sender} invited ${user}`;
    if (change === "left") return `${user} left`;
    if (change === "removed") return user === sender ? `${user} left` : `${sender} removed ${user}`;
    return `${sender} made ${user} ${role ?? "member"}`;
  }

  #change(seq: number, change: (message: Message) => Message): void {
    const message = this.find(seq);
    if (message === undefined) return;
    this.#items.set(seq, change(message));
    this.#sorted = undefined;
  }
}

function toMessage(event: MessageEventFrame): Message {
  return {
    kind: "message",
    seq: event.seq,
    sender: event.sender,
    time: event.time,
    text: event.text ?? (event.data === undefined ? "" : JSON.stringify(event.data)),
    isEdited: event.editedAt !== undefined,
    isDeleted: event.deleted === true,
    reactions: new Map(Object.entries(event.reactions ?? {})),
    ...(event.replyTo === undefined ? {} : { replyTo: event.replyTo }),
  };
}

function react(message: Message, emoji: string, user: string, isAdded: boolean): Message {
  const users = (message.reactions.get(emoji) ?? []).filter((known) => known !== user);
  const reactions = new Map(message.reactions);
  if (isAdded) reactions.set(emoji, [...users, user]);
  else if (users.length === 0) reactions.delete(emoji);
  else reactions.set(emoji, users);
  return { ...message, reactions };
}
