import type { ChannelId, RequestId, Seq, UserId } from "@parley/protocol";
import type { LogEvent } from "../message-store.ts";
import { fieldOf, idOf } from "./text.ts";

/**
 * For servers that look only `_id` up quickly: where a request may be found. A claim lies in the collection of events
 * and is written **before** the event, in the same command. So without a claim there surely is no event, and with one
 * the event is at one of the seqs it names, or nowhere.
 */
export interface ClaimDocument {
  /** ~channel:sender:id; no event's `_id` begins so. */
  _id: string;
  /** The same again: keeps claims out of every channel and of both unique indexes' way. */
  channel: string;
  /** The first seq that was tried. */
  at: number;
  /** Each further one. */
  more?: Record<string, number>;
}

export function claimKey(channel: ChannelId, sender: UserId, id: RequestId): string {
  return `~${channel}:${sender}:${id}`;
}

export function toClaim({ channel, sender, id, seq }: LogEvent): ClaimDocument {
  const key = claimKey(channel, sender, id);
  return { _id: key, channel: key, at: seq };
}

/** Adds a further seq to a claim that is there. */
export function claimUpdate(seq: Seq): { $max: Record<string, number> } {
  return { $max: { [`more.${fieldOf(String(seq))}`]: 1 } };
}

export function claimedSeqs(claim: ClaimDocument): readonly Seq[] {
  return [claim.at, ...Object.keys(claim.more ?? {}).map((field) => Number(idOf(field)))];
}
