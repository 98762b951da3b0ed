import type { EventFrame, ResultFrame, Role, Seq, ServerFrame, WelcomeFrame } from "@parley/protocol";
import { type CallAnswer, Calls } from "./calls.ts";
import { ClientError } from "./client-error.ts";
import { mustDevice, mustPlatformWebSocket, mustUrls } from "./client-options.ts";
import { Connection } from "./connection.ts";
import { Emitter } from "./emitter.ts";
import { createIdSource, neverBack, onNetworkBack, systemClock, systemRandom } from "./environment.ts";
import { Feeds } from "./feeds.ts";
import { defaultLimits } from "./limits.ts";
import { Liveness } from "./liveness.ts";
import { Outbox } from "./outbox.ts";
import { createMemoryStorage } from "./outbox-storage.ts";
import { PresenceWatch } from "./presence-watch.ts";
import { ReadMarks } from "./read-marks.ts";
import { TokenRefresh } from "./token-refresh.ts";
import type {
  Ack,
  ChannelsPage,
  Client,
  ClientEvents,
  ClientHandler,
  ClientOptions,
  ConnectionState,
  CreateChannel,
  HistoryOptions,
  HistoryPage,
  OutboxRequest,
  RequestHandle,
  SendContent,
} from "./types.ts";

const channelsPageMax = 500;

/**
 * Makes a client; {@link Client.connect} begins. **Errors**: throws a `TypeError` for options that cannot work: neither
 * or both of `url` and `urls`, a device that is no id, no WebSocket on this platform.
 */
export function createClient(options: ClientOptions): Client {
  return new ParleyClient(options);
}

class ParleyClient implements Client {
  readonly ready: Promise<void>;
  readonly #emitter = new Emitter();
  readonly #connection: Connection;
  readonly #outbox: Outbox;
  readonly #calls: Calls;
  readonly #feeds: Feeds;
  readonly #liveness: Liveness;
  readonly #readMarks: ReadMarks;
  readonly #presence: PresenceWatch;
  readonly #tokenRefresh: TokenRefresh;
  readonly #detachFromPlatform: () => void;
  #user: string | undefined;
  #welcome: PromiseWithResolvers<WelcomeFrame> | undefined;

  constructor(options: ClientOptions) {
    const wallClock = options.clock ?? systemClock;
    const clock = neverBack(wallClock);
    const random = options.random ?? systemRandom;
    const limits = { ...defaultLimits, ...options.limits };
    const nextId = createIdSource(random);
    const transmit = (frame: string): boolean => this.#connection.transmit(frame);
    const onError = (error: ClientError): void => this.#emitter.emit("error", error);

    this.#calls = new Calls({ limits, clock, random, nextId, transmit });
    this.#outbox = new Outbox({
      storage: options.storage ?? createMemoryStorage(),
      limits,
      clock,
      random,
      nextId,
      transmit,
      onChange: (change) => this.#emitter.emit("request", change),
      onError,
    });
    this.#feeds = new Feeds(
      {
        clock,
        random,
        bufferMax: limits.bufferMax,
        deliver: (event) => this.#deliver(event),
        deliverReset: (channel, head) => this.#emitter.emitInOrder("reset", { channel, head }),
        readPage: (channel, after, limit) => this.history(channel, { after, limit }),
        onGap: (channel, from, to) => this.#emitter.emit("gap", { channel, from, to }),
        onError,
      },
      limits.helloCursorsMax,
      options.cursors ?? {},
    );
    this.#readMarks = new ReadMarks({ clock, transmit });
    const ask = (frame: Parameters<Calls["ask"]>[0]): Promise<CallAnswer> => this.#calls.ask(frame);
    this.#presence = new PresenceWatch(ask, limits.watchedMax, (error) => {
      // Closed or cut in between: the next session is told again.
      if (error instanceof ClientError && error.code !== "closed") onError(error);
    });
    this.#tokenRefresh = new TokenRefresh({ clock: wallClock, token: options.token, ask, onError });
    this.#connection = new Connection({
      urls: mustUrls(options),
      device: mustDevice(options.device),
      token: options.token,
      limits,
      clock,
      wallNow: () => wallClock.now(),
      random,
      WebSocket: options.WebSocket ?? mustPlatformWebSocket(),
      readCursors: () => this.#feeds.readHelloCursors(),
      onOnline: (welcome, token) => this.#goOnline(welcome, token),
      onOffline: () => this.#goOffline(),
      onFrame: (frame) => this.#handle(frame),
      onState: (state) => this.#enter(state),
      onError,
    });
    this.#liveness = new Liveness({
      limits,
      clock,
      hasOpen: () => this.#outbox.hasOpen || this.#calls.hasOpen,
      lastFrameAt: () => this.#connection.lastFrameAt,
      // Asks for nothing and is answered by every server.
      sendProbe: () => transmit(JSON.stringify({ type: "presence.unwatch", id: nextId(), users: [] })),
      onDead: () => this.#connection.abandon("the server does not answer"),
    });
    this.#detachFromPlatform = onNetworkBack(() => this.probe());
    this.ready = this.#outbox.load().catch((cause: unknown) => {
      throw new ClientError("storage_failed", "the outbox could not be read", { cause });
    });
    // `connect` tells of it; who never connects shall not crash by it.
    this.ready.catch(() => {});
  }

  get state(): ConnectionState {
    return this.#connection.state;
  }

  get user(): string | undefined {
    return this.#user;
  }

  async connect(): Promise<WelcomeFrame> {
    await this.ready;
    if (this.state.kind === "closed") throw new ClientError("closed", "the client is closed");
    this.#welcome ??= Promise.withResolvers();
    const { promise } = this.#welcome;
    this.#connection.start();
    return promise;
  }

  async close(): Promise<void> {
    if (this.state.kind === "closed") return;
    this.#detachFromPlatform();
    this.#readMarks.flush();
    this.#readMarks.close();
    this.#feeds.close();
    const closing = this.#connection.close();
    this.#calls.close(new ClientError("closed", "the client was closed before the answer came"));
    await this.#outbox.close();
    await closing;
  }

  on<K extends keyof ClientEvents>(name: K, handler: ClientHandler<K>): () => void {
    return this.#emitter.on(name, handler);
  }

  send(channel: string, content: SendContent): RequestHandle {
    return this.#outbox.add(channel, { type: "send", ...content });
  }

  edit(channel: string, target: Seq, text: string): RequestHandle {
    return this.#outbox.add(channel, { type: "edit", target, text });
  }

  delete(channel: string, target: Seq): RequestHandle {
    return this.#outbox.add(channel, { type: "delete", target });
  }

  react(channel: string, target: Seq, emoji: string, options: { readonly remove?: boolean } = {}): RequestHandle {
    const request: OutboxRequest = { type: "react", target, emoji };
    return this.#outbox.add(channel, options.remove === true ? { ...request, remove: true } : request);
  }

  outbox(): readonly RequestHandle[] {
    return this.#outbox.handles();
  }

  async history(channel: string, options: HistoryOptions = {}): Promise<HistoryPage> {
    const result = mustResult(await this.#calls.ask({ type: "history", channel, ...options }));
    return { events: result.events ?? [], complete: result.complete ?? true };
  }

  async channels(options: { readonly cursor?: string; readonly limit?: number } = {}): Promise<ChannelsPage> {
    const { channels, cursor } = mustResult(await this.#calls.ask({ type: "channels", ...options }));
    return { channels: channels ?? [], ...(cursor === undefined ? {} : { cursor }) };
  }

  async createChannel({ kind, members, name }: CreateChannel): Promise<{ readonly channel: string }> {
    const frame = { type: "channel.create", kind, members, ...(name === undefined ? {} : { name }) };
    const { channel } = mustResult(await this.#calls.wish(frame));
    if (channel === undefined) throw new ClientError("bad_server_frame", "the server named no channel");
    return { channel };
  }

  invite(channel: string, user: string): Promise<Ack> {
    return this.#wishAck({ type: "channel.invite", channel, user });
  }

  remove(channel: string, user: string): Promise<Ack> {
    return this.#wishAck({ type: "channel.remove", channel, user });
  }

  leave(channel: string): Promise<Ack> {
    return this.#wishAck({ type: "channel.leave", channel });
  }

  setRole(channel: string, user: string, role: Role): Promise<Ack> {
    return this.#wishAck({ type: "channel.role", channel, user, role });
  }

  markRead(channel: string, seq: Seq): void {
    this.#readMarks.mark(channel, seq);
  }

  typing(channel: string): void {
    this.#readMarks.typing(channel);
  }

  watchPresence(users: readonly string[]): Promise<void> {
    return this.#presence.watch(users);
  }

  unwatchPresence(users: readonly string[]): Promise<void> {
    return this.#presence.unwatch(users);
  }

  cursors(): Record<string, Seq> {
    return this.#feeds.cursors();
  }

  probe(): void {
    if (this.state.kind === "online") this.#liveness.probe();
    else this.#connection.retryNow();
  }

  #goOnline(welcome: WelcomeFrame, token: string): void {
    this.#user = welcome.user;
    this.#liveness.start();
    this.#tokenRefresh.start(token);
    this.#emitter.emit("welcome", welcome);
    const areHeadsMissing = this.#feeds.welcome(welcome);
    // What was sent before goes first: its ids are the oldest, and `prev` chains begin with it.
    this.#outbox.goOnline();
    this.#calls.goOnline();
    this.#presence.goOnline();
    this.#readMarks.flush();
    if (areHeadsMissing) this.#readMissingHeads().catch((error: unknown) => this.#reportUnlessClosed(error));
    this.#welcome?.resolve(welcome);
    this.#welcome = undefined;
  }

  #goOffline(): void {
    this.#liveness.stop();
    this.#tokenRefresh.stop();
    this.#outbox.goOffline();
    this.#calls.goOffline();
  }

  #enter(state: ConnectionState): void {
    if (state.kind === "stopped" || state.kind === "closed") {
      const error =
        state.kind === "closed"
          ? new ClientError("closed", "the client was closed")
          : new ClientError("stopped", `the connection stopped: ${state.reason}`);
      const welcome = this.#welcome;
      this.#welcome = undefined;
      welcome?.promise.catch(() => {});
      welcome?.reject(error);
    }
    this.#emitter.emit("state", state);
  }

  #handle(frame: ServerFrame): void {
    switch (frame.type) {
      case "event":
        if (frame.sender === this.#user) this.#outbox.handleOwnEvent(frame);
        this.#feeds.acceptEvent(frame);
        return;
      case "ack":
        this.#outbox.handleAck(frame);
        this.#calls.handleAnswer(frame);
        this.#emitter.emit("ack", frame);
        return;
      case "result":
        this.#calls.handleAnswer(frame);
        return;
      case "error":
        if (this.#outbox.handleError(frame) || this.#calls.handleError(frame)) return;
        // One that answers nothing we know: a late copy's, or about the session.
        if (frame.id === undefined) this.#emitter.emit("error", new ClientError(frame.code, frame.message));
        return;
      case "gap":
        this.#feeds.acceptGap(frame);
        return;
      case "reset":
        this.#outbox.handleReset(frame.channel);
        this.#feeds.acceptReset(frame);
        return;
      case "receipt":
        this.#emitter.emit("receipt", frame);
        return;
      case "typing":
        this.#emitter.emit("typing", frame);
        return;
      case "presence":
        this.#emitter.emit("presence", frame);
        return;
      case "reconnect":
        this.#emitter.emit("reconnect", frame);
        return;
      case "welcome":
        return;
      default:
        frame satisfies never;
    }
  }

  #deliver(event: EventFrame): Promise<void> | undefined {
    // Events that history filled in prove that our requests are in, too.
    if (event.sender === this.#user) this.#outbox.handleOwnEvent(event);
    const delivered = this.#emitter.emitInOrder("event", event);
    if (
      event.kind !== "member" ||
      event.user !== this.#user ||
      (event.change !== "left" && event.change !== "removed")
    ) {
      return delivered;
    }
    const forget = (): void => this.#feeds.forget(event.channel, event.seq);
    if (delivered !== undefined) return delivered.then(forget);
    forget();
    return undefined;
  }

  async #readMissingHeads(): Promise<void> {
    let cursor: string | undefined;
    do {
      const page = await this.channels({ limit: channelsPageMax, ...(cursor === undefined ? {} : { cursor }) });
      if (!this.#feeds.noteHeads(page.channels)) return;
      cursor = page.cursor;
    } while (cursor !== undefined);
  }

  async #wishAck(frame: Parameters<Calls["wish"]>[0]): Promise<Ack> {
    const answer = await this.#calls.wish(frame);
    if (answer.type !== "ack") throw new ClientError("bad_server_frame", `${frame.type} was answered by a result`);
    const { id, channel, seq, time } = answer;
    return { id, channel, seq, time, ...(answer.duplicate === true ? { duplicate: true } : {}) };
  }

  #reportUnlessClosed(error: unknown): void {
    if (!(error instanceof ClientError) || error.code === "closed") return;
    this.#emitter.emit("error", error);
  }
}

function mustResult(answer: CallAnswer): ResultFrame {
  if (answer.type === "result") return answer;
  throw new ClientError("bad_server_frame", "the server answered with an ack where a result belongs");
}
