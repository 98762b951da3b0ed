import { type ChannelId, encodeEvent, type RequestId, type Seq, type UserId } from "@parley/protocol";
import type { EventBody, LogEvent } from "@parley/store";
import { isControl } from "../channel/fold.ts";

/**
 * An event on its way to members: the client's frame, encoded once for everybody, and what a relay needs to know
 * without reading it.
 */
export interface RelayedEvent {
  readonly channel: ChannelId;
  readonly seq: Seq;
  readonly sender: UserId;
  readonly id: RequestId;
  readonly hash: string;
  readonly time: number;
  readonly ordinal: number;
  /** Only of control events: the relay follows the membership. */
  readonly body?: EventBody | undefined;
  /** The `event` frame as UTF-8 JSON. */
  readonly payload: Uint8Array;
}

export function toRelayed(event: LogEvent): RelayedEvent {
  const { channel, seq, sender, id, hash, time, ordinal, body } = event;
  const payload = Buffer.from(encodeEvent(event), "utf8");
  return { channel, seq, sender, id, hash, time, ordinal, body: isControl(body) ? body : undefined, payload };
}
