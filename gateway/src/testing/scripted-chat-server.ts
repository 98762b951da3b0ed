import type { Cluster, Lease } from "@parley/cluster";
import {
  type ChatServerLink,
  createLinkListener,
  type DownFrame,
  type LinkLimits,
  type LocalLinks,
  type UpFrame,
} from "@parley/link";
import type { ChannelId, Seq } from "@parley/protocol";

type AttachFrame = Extract<UpFrame, { type: "attach" }>;
type RequestFrame = Extract<UpFrame, { type: "request" }>;

export interface Attached {
  readonly frame: AttachFrame;
  readonly link: ChatServerLink;
}

export interface ScriptedOptions {
  readonly node: string;
  readonly cluster: Cluster;
  readonly local?: LocalLinks;
  readonly tcp?: { readonly host: string; readonly port: number; readonly secret: string };
  readonly limits?: Partial<LinkLimits>;
  readonly process?: string;
  /** Channels of every session and from where they are live; for a re-attach our answer is the gateway's cursors. */
  readonly baseline?: readonly (readonly [ChannelId, Seq])[];
  /** Confirm attaches by itself; default true. */
  readonly confirms?: boolean;
  /** Answer every request by itself with an ack; default true. */
  readonly answers?: boolean;
  /** After each confirmation that it gave by itself. */
  readonly onAttached?: (attached: Attached) => void;
  /** Puts something between the gateway and the listener; resolves to the address that the registry shows. */
  readonly behind?: (address: string) => Promise<string>;
}

/** The other end of the link port, speaking from a script: it holds no log, only what a test tells it to send. */
export class ScriptedChatServer {
  readonly node: string;
  readonly frames: UpFrame[] = [];
  readonly attached: Attached[] = [];
  readonly links: ChatServerLink[] = [];
  confirms: boolean;
  answers: boolean;
  baseline: readonly (readonly [ChannelId, Seq])[];
  readonly #onAttached: (attached: Attached) => void;
  #lease: Lease | undefined;
  #close: (() => Promise<void>) | undefined;

  constructor(options: ScriptedOptions) {
    this.node = options.node;
    this.confirms = options.confirms ?? true;
    this.answers = options.answers ?? true;
    this.baseline = options.baseline ?? [["room", 0]];
    this.#onAttached = options.onAttached ?? (() => {});
  }

  static async start(options: ScriptedOptions): Promise<ScriptedChatServer> {
    const server = new ScriptedChatServer(options);
    const listener = await createLinkListener(options).listen((link) => server.#onLink(link));
    server.#close = () => listener.close();
    server.#lease = await options.cluster.registry.join({
      node: options.node,
      role: "chat-server",
      address: (await options.behind?.(listener.address)) ?? listener.address,
      process: options.process ?? options.node,
      weight: 1,
      state: "up",
      load: { sessions: 0, eventLoopDelayMs: 0, cpu: 0 },
    });
    return server;
  }

  get requests(): RequestFrame[] {
    return this.frames.filter((frame) => frame.type === "request");
  }

  get last(): Attached {
    const last = this.attached.at(-1);
    if (last === undefined) throw new Error("nobody was attached");
    return last;
  }

  /** To the session that was attached last, unless another is given. */
  send(frame: (attachment: number) => DownFrame, to: Attached = this.last): void {
    to.link.send(frame(to.frame.attachment));
  }

  direct(payload: object, ordinal?: number): void {
    const bytes = Buffer.from(JSON.stringify(payload));
    this.send((attachment) => ({
      type: "direct",
      attachment,
      payload: bytes,
      ...(ordinal !== undefined && { ordinal }),
    }));
  }

  events(from: Seq, count = 1, channel = "room", pad = 0): void {
    const payloads = Array.from({ length: count }, (_, i) => eventBytes(channel, from + i, pad));
    this.send((attachment) => ({ type: "events", attachments: [attachment], channel, from, payloads }));
  }

  confirm(to: Attached = this.last): void {
    const { attachment, isNew, cursors, user, connection } = to.frame;
    const welcome = { type: "welcome", session: connection, user, time: 1, heartbeatMs: 25_000, channels: [] };
    const baseline = isNew ? this.baseline : cursors;
    const payload = Buffer.from(JSON.stringify(welcome));
    to.link.send({ type: "attached", attachment, baseline, ...(isNew && { payload }) });
  }

  async setDraining(): Promise<void> {
    await this.#lease?.update({ state: "draining" });
  }

  /** As if killed: links fall, nobody listens; the lease is given up at once, which a real death is not. */
  async stop(options: { readonly keepsLease?: boolean } = {}): Promise<void> {
    await this.#close?.();
    this.#close = undefined;
    if (!options.keepsLease) await this.#lease?.leave();
  }

  #onLink(link: ChatServerLink): void {
    this.links.push(link);
    link.onFrame((frame) => {
      this.frames.push(frame);
      if (frame.type === "attach") {
        this.attached.push({ frame, link });
        if (!this.confirms) return;
        this.confirm();
        this.#onAttached(this.last);
      } else if (frame.type === "request" && this.answers) {
        const { id } = JSON.parse(Buffer.from(frame.bytes).toString()) as { id?: string };
        const payload = Buffer.from(JSON.stringify({ type: "ack", id, channel: "room", seq: frame.ordinal, time: 1 }));
        link.send({ type: "direct", attachment: frame.attachment, ordinal: frame.ordinal, payload });
      }
    });
  }
}

export function eventBytes(channel: ChannelId, seq: Seq, pad = 0): Uint8Array {
  const event = { type: "event", channel, seq, kind: "message", sender: "bo", time: 1, text: "x".repeat(pad + 1) };
  return Buffer.from(JSON.stringify(event));
}
