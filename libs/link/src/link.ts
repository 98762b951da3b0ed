import type { ChannelId, Seq } from "@parley/protocol";

/**
 * The one multiplexed connection between a gateway and a chat server, however many users. TCP (or a Unix socket) with
 * length-prefixed binary batches, one flush a tick; a direct call where both are in one process.
 *
 * **Order**: frames arrive in the order sent. **Repeat**: never twice on one link. **Loss**: only by the link's end,
 * which both ends learn (`onClose`), within `deadAfterMs` also when the other side is half-open (ping every second).
 * **Bounds**: at most `bufferBytesMax` (default 16 MiB) unsent; beyond that the link is closed, and both ends repair.
 */
export interface Link<Out, In> {
  /** Queued until the end of this tick, then sent as one write. Does nothing once closed. */
  send(frame: Out): void;
  onFrame(listener: (frame: In) => void): void;
  /** Called once. */
  onClose(listener: (reason: string) => void): void;
  close(reason: string): void;
  readonly isOpen: boolean;
  /** Name of the node at the other end, as authenticated by the handshake. */
  readonly peer: string;
}

/** As seen from the gateway. */
export type GatewayLink = Link<UpFrame, DownFrame>;
/** As seen from the chat server. */
export type ChatServerLink = Link<DownFrame, UpFrame>;

/** A session's number on one link, chosen by the gateway; never reused on that link (rule 13). */
export type Attachment = number;

/** gateway → chat server */
export type UpFrame =
  | AttachFrame
  /** One client frame as it came: the gateway parses none but `hello`. */
  | {
      readonly type: "request";
      readonly attachment: Attachment;
      /** 1, 2, 3, … by socket; the answer names it, and so the gateway knows what is still open (rule 12). */
      readonly ordinal: number;
      /** Sent before through an attachment that was lost: another copy may be under way, so refusals are `unknown`. */
      readonly isRepeat: boolean;
      readonly bytes: Uint8Array;
    }
  /** The socket is gone, or moves. `isMoving`: presence goes on without a gap. */
  | { readonly type: "detach"; readonly attachment: Attachment; readonly isMoving: boolean };

export interface AttachFrame {
  readonly type: "attach";
  readonly attachment: Attachment;
  /** Names the client's socket for as long as it lives, across attachments; the presence entry's key. */
  readonly connection: string;
  readonly user: string;
  readonly device: string;
  readonly name?: string;
  /** ms since 1970. */
  readonly tokenExpiresAt: number;
  /** The client said hello just now (false: this is a re-attach, and the client must not notice). */
  readonly isNew: boolean;
  /** By `hello` for a new session; for a re-attach the gateway's own cursors (rule 14), of every channel it tracks. */
  readonly cursors: readonly (readonly [ChannelId, Seq])[];
  /** What the session asked the gateway to keep for it (see `keep`), opaque to the gateway. */
  readonly kept?: Uint8Array;
  /** ms since 1970, when the socket was opened. */
  readonly since: number;
  /** How long ago that was when this was sent, ms; by a clock that is never set. */
  readonly ageMs: number;
}

/** chat server → gateway. `payload` is always one client frame, ready as UTF-8 JSON. */
export type DownFrame =
  /**
   * The session is attached. `baseline`: the seq from which each of the session's channels is live; the gateway sets
   * its cursors to it (not below what it has). New sessions: `payload` is `welcome`, to be written first.
   */
  | {
      readonly type: "attached";
      readonly attachment: Attachment;
      readonly baseline: readonly (readonly [ChannelId, Seq])[];
      readonly payload?: Uint8Array;
    }
  /** Events of one channel, seq from, from+1, … for these sessions: the gateway writes what is cursor+1, drops what is
   *  lower, re-attaches from its cursor at a hole. */
  | {
      readonly type: "events";
      readonly attachments: readonly Attachment[];
      readonly channel: ChannelId;
      readonly from: Seq;
      readonly payloads: readonly Uint8Array[];
    }
  /** These seqs will not be pushed to this session: the gateway writes `gap` from its own cursor+1 to `to`. */
  | { readonly type: "gap"; readonly attachment: Attachment; readonly channel: ChannelId; readonly to: Seq }
  /** The log is shorter than the cursor: write `payload` (a `reset`), set the cursor to `head`. */
  | {
      readonly type: "reset";
      readonly attachment: Attachment;
      readonly channel: ChannelId;
      readonly head: Seq;
      readonly payload: Uint8Array;
    }
  /** A new channel for this session (created, joined): track it from `cursor`. */
  | { readonly type: "track"; readonly attachment: Attachment; readonly channel: ChannelId; readonly cursor: Seq }
  /** The session left the channel: forget the cursor; later events are not to be written. */
  | { readonly type: "untrack"; readonly attachment: Attachment; readonly channel: ChannelId }
  /** Anything else for one session: ack, error, result, receipt, typing, presence. `ordinal`: the request answered. */
  | {
      readonly type: "direct";
      readonly attachment: Attachment;
      readonly ordinal?: number;
      readonly payload: Uint8Array;
    }
  /** The same payload for several sessions: receipts and typing. Best effort: dropped for a lagging socket. */
  | { readonly type: "cast"; readonly attachments: readonly Attachment[]; readonly payload: Uint8Array }
  /** These requests are done and have no answer (read, typing). */
  | { readonly type: "settled"; readonly attachment: Attachment; readonly ordinals: readonly number[] }
  /** Keep this for the session and give it back when it is attached anew (watched users, refreshed expiry). ≤ 32 KiB. */
  | {
      readonly type: "keep";
      readonly attachment: Attachment;
      readonly kept: Uint8Array;
      readonly tokenExpiresAt?: number;
    }
  /** Close the client's socket with this close code after what was queued before. */
  | { readonly type: "close"; readonly attachment: Attachment; readonly code: number; readonly reason: string }
  /** Attach this session anew, elsewhere if this server is draining; the client must not notice. */
  | { readonly type: "reattach"; readonly attachment: Attachment };
