import type { AttachFrame, Attachment, ChatServerLink } from "@parley/link";
import {
  type ChannelId,
  type CloseCode,
  type DeviceId,
  type EventFrame,
  encodeServerFrame,
  type Seq,
  type ServerFrame,
  type UserId,
} from "@parley/protocol";
import type { RelaySession } from "../relay/audience.ts";
import type { RelayHost, RelayRecord } from "../relay/relay-host.ts";
import type { Opening } from "./opening.ts";
import type { ChatUser } from "./users.ts";

/** One channel of one session. */
export interface SessionChannel {
  readonly record: RelayRecord;
  /** In the relay's audience; otherwise on its way there. */
  isLive: boolean;
}

export interface WaitingRequest {
  readonly ordinal: number;
  readonly isRepeat: boolean;
  readonly bytes: Uint8Array;
}

/** Any frame but an event: those come as they were encoded for everybody. */
export type PlainFrame = Exclude<ServerFrame, EventFrame>;

export type SessionStage = "attaching" | "attached" | "closed";

/** Channels left that are remembered; beyond it a return begins without a gap. */
const leftMax = 256;

/**
 * One connected device, as this server holds it: attaching → attached → closed. Its socket is at the gateway; what
 * goes there goes through {@link ChatServerLink}.
 */
export class Session implements RelaySession {
  readonly user: UserId;
  readonly device: DeviceId;
  readonly link: ChatServerLink;
  readonly attachment: Attachment;
  readonly connection: string;
  readonly opening: Opening;
  readonly owner: ChatUser;
  stage: SessionStage = "attaching";
  tokenExpiresAt: number;
  readonly channels = new Map<ChannelId, SessionChannel>();
  /** Came while attaching; the gateway bounds how many one socket may have open. */
  waiting: WaitingRequest[] = [];
  /** Channels joined while attaching. */
  joinedMeanwhile: { readonly channel: ChannelId; readonly seq: Seq }[] = [];
  watched: Set<UserId> | undefined;
  /** Where this socket left channels: whoever comes back is told of the hole. */
  private left: Map<ChannelId, Seq> | undefined;
  /** Times of the last bad frames, ms. */
  badFrames: number[] | undefined;
  private readonly relays: RelayHost;

  constructor(frame: AttachFrame, opening: Opening, link: ChatServerLink, owner: ChatUser, relays: RelayHost) {
    this.user = frame.user;
    this.device = frame.device;
    this.link = link;
    this.attachment = frame.attachment;
    this.connection = frame.connection;
    this.opening = opening;
    this.tokenExpiresAt = frame.tokenExpiresAt;
    this.owner = owner;
    this.relays = relays;
  }

  get isClosed(): boolean {
    return this.stage === "closed";
  }

  /** Answers a request. */
  reply(ordinal: number, frame: PlainFrame | string): void {
    this.link.send({ type: "direct", attachment: this.attachment, ordinal, payload: toPayload(frame) });
  }

  /** Says something that nobody asked for. */
  tell(frame: PlainFrame | string): void {
    this.link.send({ type: "direct", attachment: this.attachment, payload: toPayload(frame) });
  }

  closeSocket(code: CloseCode, reason: string): void {
    this.link.send({ type: "close", attachment: this.attachment, code, reason });
  }

  /** By the relay: the user has become a member, and the channel is followed here. */
  track(channel: ChannelId, cursor: Seq): void {
    const held = this.channels.get(channel);
    if (held === undefined) this.channels.set(channel, { record: this.relays.hold(channel), isLive: true });
    else held.isLive = true;
    this.begin(channel, cursor);
  }

  /** Says where the channel begins for this socket; what it missed since it last left is announced as a gap. */
  begin(channel: ChannelId, cursor: Seq): void {
    const { attachment } = this;
    const leftAt = this.left?.get(channel);
    if (leftAt === undefined || leftAt >= cursor) {
      this.link.send({ type: "track", attachment, channel, cursor });
      return;
    }
    this.left?.delete(channel);
    this.link.send({ type: "track", attachment, channel, cursor: leftAt });
    this.link.send({ type: "gap", attachment, channel, to: cursor });
  }

  /** Whether this socket was told of a leave at or after `seq`. */
  hasLeft(channel: ChannelId, seq: Seq): boolean {
    return (this.left?.get(channel) ?? 0) >= seq;
  }

  untrack(channel: ChannelId): void {
    const cursor = this.channels.get(channel)?.record.relay?.cursor;
    if (cursor !== undefined) {
      this.left ??= new Map();
      if (this.left.size < leftMax) this.left.set(channel, cursor);
    }
    this.drop(channel);
    this.link.send({ type: "untrack", attachment: this.attachment, channel });
  }

  /** Gives the channel's hold back. */
  drop(channel: ChannelId): void {
    const held = this.channels.get(channel);
    if (held === undefined) return;
    this.channels.delete(channel);
    held.record.relay?.remove(this);
    this.relays.release(held.record);
  }

  /** **Repeat**: a second call does nothing. */
  end(): void {
    if (this.stage === "closed") return;
    this.stage = "closed";
    for (const channel of [...this.channels.keys()]) this.drop(channel);
    this.waiting = [];
    this.joinedMeanwhile = [];
  }
}

export function toPayload(frame: PlainFrame | string): Buffer {
  return Buffer.from(typeof frame === "string" ? frame : encodeServerFrame(frame), "utf8");
}
