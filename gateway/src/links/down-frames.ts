import type { DownFrame } from "@parley/link";
import type { Inbound } from "../inbound/inbound.ts";
import type { Outbound } from "../outbound/outbound.ts";
import type { Attacher } from "../placement/attacher.ts";
import type { ChannelTable } from "../session/channel-table.ts";
import type { ClientSession } from "../session/client-session.ts";
import type { ServerLink } from "./server-link.ts";

/** What a session may ask us to keep; larger is dropped, and the session starts without. */
const keptBytesMax = 32 * 1024;

/** What is for one session. */
type OneFrame = Exclude<DownFrame, { type: "events" } | { type: "cast" }>;

export interface DownFramesOptions {
  readonly inbound: Inbound;
  readonly outbound: Outbound;
  readonly attacher: Attacher;
  readonly channels: ChannelTable;
}

/**
 * Frames from chat servers to sessions. An attachment that is not current is in no link's table, so that its frames find
 * nobody and are dropped (rule 13).
 */
export class DownFrames {
  readonly #inbound: Inbound;
  readonly #outbound: Outbound;
  readonly #attacher: Attacher;
  readonly #channels: ChannelTable;

  constructor(options: DownFramesOptions) {
    this.#inbound = options.inbound;
    this.#outbound = options.outbound;
    this.#attacher = options.attacher;
    this.#channels = options.channels;
  }

  handle(link: ServerLink, frame: DownFrame): void {
    if (frame.type === "events") {
      const channel = this.#channels.find(frame.channel);
      if (channel === undefined) return;
      const isShared = frame.attachments.length > 1;
      for (const attachment of frame.attachments) {
        const session = link.sessions.get(attachment);
        if (session === undefined) continue;
        const outcome = this.#outbound.events(session, channel, frame.from, frame.payloads, isShared);
        if (outcome === "hole") this.#attacher.mend(session);
      }
      return;
    }
    if (frame.type === "cast") {
      for (const attachment of frame.attachments) {
        const session = link.sessions.get(attachment);
        if (session?.hasWelcome) this.#outbound.cast(session, frame.payload);
      }
      return;
    }
    const session = link.sessions.get(frame.attachment);
    if (session !== undefined) this.#handleOne(link, session, frame);
    else this.#handleArrival(link, frame);
  }

  /** Of a chat server that a session moves to only its answer counts; before it the other one speaks. */
  #handleArrival(link: ServerLink, frame: OneFrame): void {
    const session = link.arriving.get(frame.attachment);
    if (session === undefined) return;
    if (frame.type === "attached") this.#attacher.confirm(session, link, frame);
    else if (frame.type === "close" || frame.type === "reattach") this.#attacher.loseArrival(session);
  }

  #handleOne(link: ServerLink, session: ClientSession, frame: OneFrame): void {
    switch (frame.type) {
      case "direct":
        this.#outbound.write(session, frame.payload);
        if (frame.ordinal !== undefined) this.#inbound.settle(session, frame.ordinal);
        return;
      case "settled":
        for (const ordinal of frame.ordinals) this.#inbound.settle(session, ordinal);
        return;
      case "attached":
        this.#attacher.confirm(session, link, frame);
        return;
      case "gap": {
        const channel = this.#channels.find(frame.channel);
        if (channel !== undefined) this.#outbound.gap(session, channel, frame.to);
        return;
      }
      case "reset": {
        const channel = this.#channels.find(frame.channel);
        if (channel !== undefined) this.#outbound.reset(session, channel, frame.head, frame.payload);
        return;
      }
      case "track": {
        // A channel that is followed keeps our own cursor: nothing but a reset moves it back, nothing skips silently.
        const channel = this.#channels.find(frame.channel);
        if (channel !== undefined && session.cursors.get(channel) !== undefined) return;
        session.cursors.follow(this.#channels, frame.channel, frame.cursor);
        return;
      }
      case "untrack": {
        const channel = this.#channels.find(frame.channel);
        if (channel === undefined) return;
        this.#outbound.settleLag(session, channel);
        const cursor = session.cursors.get(channel);
        if (cursor !== undefined) session.arrival?.left.set(frame.channel, cursor);
        session.cursors.drop(this.#channels, frame.channel);
        return;
      }
      case "keep":
        // Copied: the payload is a view on a whole batch of the link.
        session.kept = frame.kept.length <= keptBytesMax ? Uint8Array.from(frame.kept) : undefined;
        if (frame.tokenExpiresAt !== undefined) session.tokenExpiresAt = frame.tokenExpiresAt;
        return;
      case "close":
        this.#outbound.close(session, frame.code, frame.reason);
        return;
      case "reattach":
        this.#attacher.sendAway(session);
        return;
      default:
        frame satisfies never;
    }
  }
}
