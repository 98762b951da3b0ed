import type { Socket } from "node:net";
import type { ChannelId, Seq } from "@parley/protocol";
import { WebSocket } from "ws";
import type { OpenRequest } from "../inbound/open-request.ts";
import type { ServerLink } from "../links/server-link.ts";
import type { FrameList } from "../outbound/frame-list.ts";
import type { ChannelRef } from "./channel-table.ts";
import { Cursors } from "./cursors.ts";

/** `ws` makes these from the upgrade; the session stands on the socket, so that listeners need no closure each. */
export class ClientSocket extends WebSocket {
  session: ClientSession | undefined = undefined;
}

/**
 * The life of a client's socket; no stage is entered twice but `attaching` and `live`.
 *
 *     silent ── hello ──▶ greeting ── token good ──▶ attaching ◀──▶ live
 *        └─ 4400 4408        └─ 4401 4503               └─ 4503      └─ 4401 4409 4429 4503 …
 *     all ──▶ closed
 *
 * `attaching` from `live`: the link fell, the chat server moved the session on, or events showed a hole. The client
 * does not notice; its requests are kept and sent again.
 */
export type Stage = "silent" | "greeting" | "attaching" | "live" | "closed";

/** Why a socket is not being read; it is read again when none of them holds. */
export const pauseReason = { openRequests: 1, rate: 2 } as const;

export type AttachOutcome = "attached" | "lost" | "timeout" | "closed";

/** "stale": what the session asked to keep changed meanwhile. */
export type ArrivalOutcome = "attached" | "lost" | "timeout" | "stale" | "closed";

/** A live session on its way to another chat server, while the present one serves it. */
export interface Arrival {
  readonly link: ServerLink;
  readonly attachment: number;
  /** Monotonic ms. */
  readonly by: number;
  readonly waiter: (outcome: ArrivalOutcome) => void;
  /** As the new chat server was told. */
  readonly kept: Uint8Array | undefined;
  readonly tokenExpiresAt: number;
  /** Channels that were left since, and the cursors that they had. */
  readonly left: Map<ChannelId, Seq>;
}

/** A socket that does not keep up: what it will be told by `gap` once it has drained. */
export interface Lag {
  /** Monotonic ms. */
  readonly since: number;
  readonly heads: Map<ChannelRef, Seq>;
}

/**
 * What the gateway knows of one client's socket. Data only: accept/, inbound/, outbound/ and links/ act on it. Ten
 * thousand of these lie idle in one process, so what is rarely needed is undefined until then.
 */
export class ClientSession {
  readonly ws: ClientSocket;
  /** The raw socket: frames are written to it as whole buffers that many sessions share. */
  readonly socket: Socket;
  /** Names this socket for as long as it lives, across attachments. */
  readonly connection: string;
  /** ms since 1970. */
  readonly since: number;
  /** The same moment, monotonic ms. */
  readonly openedAt: number;
  stage: Stage = "silent";

  user = "";
  device = "";
  name: string | undefined;
  /** ms since 1970. */
  tokenExpiresAt = 0;
  /** Only until the first `attached`; then the cursors are ours. */
  helloCursors: readonly (readonly [ChannelId, Seq])[] | undefined;
  hasWelcome = false;
  kept: Uint8Array | undefined;
  readonly cursors = new Cursors();

  link: ServerLink | undefined;
  attachment = 0;
  /** Set while a chat server has been asked to attach the session. */
  attachWaiter: ((outcome: AttachOutcome) => void) | undefined;
  /** Monotonic ms, as all below. */
  attachBy = 0;
  /** Only while it moves. */
  arrival: Arrival | undefined;
  isPlacing = false;
  placeBy = 0;
  /** A chat server that has just sent the session away. */
  shunned: string | undefined;
  shunnedAt = 0;
  /** Not before this time is a hole answered by another attach; 0: none was. */
  mendAfter = 0;
  isMending = false;

  open: OpenRequest[] | undefined;
  openBytes = 0;
  /** So many at the front of `open` went out through the present attachment. */
  openSent = 0;
  nextOrdinal = 1;
  pauses = 0;
  pausedSince = 0;
  inTokens: number;
  inAt: number;

  /** What is to be written at the end of this tick. */
  list: FrameList | undefined;
  lag: Lag | undefined;

  /** Monotonic ms; of a silent socket, until when it must have said hello. */
  pingAt: number;
  pingsOpen = 0;

  constructor(
    ws: ClientSocket,
    socket: Socket,
    connection: string,
    since: number,
    now: number,
    helloBy: number,
    inTokens: number,
  ) {
    this.ws = ws;
    this.socket = socket;
    this.connection = connection;
    this.since = since;
    this.openedAt = now;
    this.pingAt = helloBy;
    this.inTokens = inTokens;
    this.inAt = now;
  }
}
