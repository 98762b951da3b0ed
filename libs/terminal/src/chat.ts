import { type Client, ClientError } from "@parley/client";
import type { EventFrame } from "@parley/protocol";
import { ChatState } from "./chat-state.ts";
import type { Command } from "./commands.ts";
import { help, parseCommand } from "./commands.ts";
import type { Conversation } from "./conversation.ts";

const pageEvents = 50;

export interface ChatOptions {
  readonly client: Client;
  readonly me: string;
  /** Whom to open a direct conversation with at the start. */
  readonly peer: string;
  readonly onQuit: () => void;
}

/** What the person does becomes calls of the SDK; what the SDK tells becomes the state that is shown. */
export class Chat {
  readonly state: ChatState;
  readonly #client: Client;
  readonly #peer: string;
  readonly #onQuit: () => void;
  readonly #watched = new Set<string>();

  constructor({ client, me, peer, onQuit }: ChatOptions) {
    this.#client = client;
    this.#peer = peer;
    this.#onQuit = onQuit;
    this.state = new ChatState(me);
    this.#listen();
  }

  /** Begins to connect, and opens the conversation with the peer as soon as there is a session. Never rejects. */
  async start(): Promise<void> {
    try {
      await this.#client.ready;
      await this.#client.connect();
    } catch (error) {
      this.#tellProblem("Could not connect", error);
    }
  }

  /** Carries out one line of input. */
  submit(line: string): void {
    if (line.trim() === "") {
      // An empty line is a knock at the door: it ends the wait for the next attempt, or begins anew after the last.
      if (this.state.connection.kind === "waiting") this.#client.probe();
      else if (this.state.connection.kind === "stopped") void this.start();
      return;
    }
    const command = parseCommand(line.trim());
    this.#run(command).catch((error: unknown) => this.#tellProblem("That did not work", error));
  }

  typing(): void {
    if (this.state.open !== undefined) this.#client.typing(this.state.open);
  }

  open(channel: string): void {
    const conversation = this.state.conversation(channel);
    this.state.open = channel;
    this.#markRead(conversation);
    this.state.changed();
    if (!conversation.hasBeenRead) void this.#readFirst(conversation);
  }

  /** Opens the next conversation of the list, or the one before. */
  step(by: 1 | -1): void {
    const { listed, open } = this.state;
    if (listed.length === 0) return;
    const at = listed.findIndex(({ channel }) => channel === open);
    const next = listed[(at + by + listed.length) % listed.length];
    if (next !== undefined) this.open(next.channel);
  }

  /** Reads the page before the oldest event shown. */
  async readOlder(): Promise<void> {
    const conversation = this.state.current;
    const before = conversation?.lowestSeq;
    if (conversation === undefined || before === undefined || conversation.isComplete) return;
    try {
      const page = await this.#client.history(conversation.channel, { before, limit: pageEvents });
      conversation.acceptPage(page.events, page.complete);
      this.state.changed();
    } catch (error) {
      this.#tellProblem("Older messages could not be read", error);
    }
  }

  #listen(): void {
    const { state } = this;
    const client = this.#client;
    client.on("state", (connection) => {
      state.connection = connection;
      // What we knew of the others ends with the connection; the next one is told anew.
      if (connection.kind !== "online") state.presence.clear();
      state.changed();
    });
    client.on("welcome", ({ channels }) => {
      state.describe(channels);
      for (const { channel } of channels) this.#introduce(state.conversation(channel));
      state.changed();
      // Made anew at each welcome: the server answers with the channel that there is.
      if (state.open === undefined)
        this.#openDirect(this.#peer).catch((error: unknown) => this.#tellUnlessClosed(error));
    });
    client.on("event", (event) => this.#accept(event));
    client.on("reset", ({ channel, head }) => {
      const conversation = state.conversation(channel);
      conversation.reset(head);
      void this.#readFirst(conversation);
    });
    client.on("request", (change) => {
      state.conversation(change.channel).acceptRequest(change);
      if (change.state === "failed" && change.request.type !== "send" && change.error !== undefined) {
        this.#tellProblem(`The ${change.request.type} did not work`, change.error);
      }
      state.changed();
    });
    client.on("receipt", ({ channel, user, read }) => {
      if (read !== undefined) state.conversation(channel).acceptRead(user, read);
      state.changed();
    });
    client.on("typing", ({ channel, user }) => {
      state.conversation(channel).acceptTyping(user, Date.now());
      state.changed();
    });
    client.on("presence", ({ user, status }) => {
      state.presence.set(user, status === "online");
      state.changed();
    });
    client.on("error", (error) => {
      if (error.code === "handler_failed" || error.code === "storage_failed")
        this.#tellProblem("Something is wrong", error);
    });
  }

  #accept(event: EventFrame): void {
    const conversation = this.state.conversation(event.channel);
    const isNew = conversation.head === 0 && conversation.members.size === 0;
    conversation.accept(event);
    if (
      event.kind === "member" &&
      event.user === this.state.me &&
      event.change !== "joined" &&
      event.change !== "role"
    ) {
      this.#drop(conversation);
      return;
    }
    if (isNew || event.kind === "member" || event.kind === "created") this.#introduce(conversation);
    // Who writes has read what stands above.
    if (event.channel === this.state.open || event.sender === this.state.me) this.#markRead(conversation);
    else if (event.kind === "message") conversation.unread += 1;
    this.state.changed();
  }

  /** A conversation that we are no part of any more. */
  #drop(conversation: Conversation): void {
    this.state.conversations.delete(conversation.channel);
    if (this.state.open === conversation.channel) {
      this.state.open = undefined;
      this.step(1);
    }
    this.state.remark(`You are no longer in ${conversation.title}.`);
  }

  #markRead(conversation: Conversation): void {
    conversation.unread = 0;
    if (conversation.head > 0) this.#client.markRead(conversation.channel, conversation.head);
  }

  /** Learns what it is and who is in it, and watches them. */
  #introduce(conversation: Conversation): void {
    const learn = async (): Promise<void> => {
      if (!conversation.isDescribed) {
        // The most recently active come first, and this one has just shown itself.
        const { channels } = await this.#client.channels({ limit: pageEvents });
        const summary = channels.find(({ channel }) => channel === conversation.channel);
        if (summary !== undefined) conversation.identify(summary);
      }
      if (conversation.members.size === 0) {
        const { events } = await this.#client.history(conversation.channel, { after: 0, limit: 1 });
        for (const event of events) {
          if (event.kind !== "created") continue;
          for (const { user } of event.members) conversation.members.add(user);
        }
      }
      const unwatched = conversation.others.filter((user) => !this.#watched.has(user));
      for (const user of unwatched) this.#watched.add(user);
      this.state.changed();
      if (unwatched.length > 0) await this.#client.watchPresence(unwatched);
    };
    learn().catch((error: unknown) => this.#tellUnlessClosed(error));
  }

  async #readFirst(conversation: Conversation): Promise<void> {
    conversation.hasBeenRead = true;
    try {
      const page = await this.#client.history(conversation.channel, { limit: pageEvents });
      conversation.acceptPage(page.events, page.complete);
      this.#introduce(conversation);
      if (this.state.open === conversation.channel) this.#markRead(conversation);
      this.state.changed();
    } catch (error) {
      // It is read when it is opened the next time.
      conversation.hasBeenRead = false;
      this.#tellUnlessClosed(error);
    }
  }

  async #openDirect(user: string): Promise<void> {
    const { channel } = await this.#client.createChannel({ kind: "direct", members: [user] });
    const conversation = this.state.conversation(channel);
    conversation.kind = "direct";
    conversation.members.add(this.state.me);
    conversation.members.add(user);
    this.#introduce(conversation);
    this.open(channel);
  }

  async #run(command: Command): Promise<void> {
    switch (command.kind) {
      case "help":
        this.state.remark(help.map(([what, why]) => `${what.padEnd(30)} ${why}`));
        return;
      case "unclear":
        this.state.remark(command.message, true);
        return;
      case "quit":
        this.#onQuit();
        return;
      case "new":
        await this.#openDirect(command.user);
        return;
      case "group": {
        const { name, users } = command;
        const members = users.filter((user) => user !== this.state.me);
        const { channel } = await this.#client.createChannel({ kind: "group", name, members });
        this.state.conversation(channel).name = name;
        this.open(channel);
        return;
      }
      case "open": {
        const found = this.state.findByName(command.name);
        if (found === undefined) this.state.remark(`There is no conversation "${command.name}".`, true);
        else this.open(found.channel);
        return;
      }
      default:
        await this.#runHere(command, this.#mustCurrent());
    }
  }

  /** Commands about the open conversation. */
  async #runHere(
    command: Exclude<Command, { kind: "help" | "unclear" | "quit" | "new" | "group" | "open" }>,
    conversation: Conversation,
  ): Promise<void> {
    const { channel } = conversation;
    const client = this.#client;
    switch (command.kind) {
      case "say":
        client.send(channel, { text: command.text });
        return;
      case "invite":
        await client.invite(channel, command.user);
        return;
      case "remove":
        await client.remove(channel, command.user);
        return;
      case "leave":
        await client.leave(channel);
        return;
      case "members": {
        const about = (user: string): string => `${user}${this.state.presence.get(user) === true ? " (online)" : ""}`;
        this.state.remark(`Here: ${[...conversation.members].map(about).join(", ")}`);
        return;
      }
      case "history":
        await this.readOlder();
        if (conversation.isComplete) this.state.remark("This is the beginning of the conversation.");
        return;
      case "edit":
        client.edit(channel, this.#mustTarget(conversation, command.target, true), command.text);
        return;
      case "delete":
        client.delete(channel, this.#mustTarget(conversation, command.target, true));
        return;
      case "reply":
        client.send(channel, { text: command.text, replyTo: this.#mustTarget(conversation, command.target, false) });
        return;
      case "react":
        client.react(channel, this.#mustTarget(conversation, command.target, false), command.emoji);
        return;
      case "unreact":
        client.react(channel, this.#mustTarget(conversation, command.target, false), command.emoji, { remove: true });
        return;
      default:
        command satisfies never;
    }
  }

  #mustCurrent(): Conversation {
    const { current } = this.state;
    if (current === undefined) throw new Error("no conversation is open yet; /new grace opens one");
    return current;
  }

  /** The message that a command is about: the one named, else my last one, else the last one of somebody else. */
  #mustTarget(conversation: Conversation, target: number | undefined, isMine: boolean): number {
    if (target !== undefined) return target;
    const isOther = conversation.findLast(({ sender }) => (sender === this.state.me) === isMine);
    const found = isOther ?? (isMine ? undefined : conversation.findLast(() => true));
    if (found === undefined) throw new Error("there is no such message yet; name one by its number, like #12");
    return found.seq;
  }

  #tellProblem(what: string, error: unknown): void {
    const why = error instanceof Error ? error.message : String(error);
    const doubt = error instanceof ClientError && error.isUnknown ? " (it may have taken effect all the same)" : "";
    this.state.remark(`${what}: ${why}${doubt}`, true);
  }

  #tellUnlessClosed(error: unknown): void {
    if (error instanceof ClientError && error.code === "closed") return;
    this.#tellProblem("The server could not do that", error);
  }
}
