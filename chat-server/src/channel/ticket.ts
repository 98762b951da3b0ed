import type { ChannelId, Seq } from "@parley/protocol";
import { type AppendRequest, requestKey } from "./request.ts";

/** One request that waits for its place in the log, with everybody who wants to hear the answer. */
export interface Ticket<Asker> {
  /** Order of arrival. */
  readonly order: number;
  readonly request: AppendRequest;
  readonly key: string;
  readonly askers: Asker[];
  /** Token of the newest effect when the newest asker came: what was begun up to there may have seen an older log. */
  askedAt: number;
  /** The log was read at majority after every asker had come, so a refusal may leave (rule 6). */
  isReadSince: boolean;
  /** `prev` was looked for in the store since, and what was found is known. */
  isPrevSought: boolean;
  /** The request's own id was looked for in the store. */
  isSelfSought: boolean;
  /** How far the log was known then: it may have come in since. */
  selfSoughtAt: Seq;
  /** What the request points at was looked for in the store. */
  isTargetSought: boolean;
}

/** Before everything that was asked for. */
const noopOrder = -1;

export function newTicket<Asker>(
  request: AppendRequest,
  order: number,
  askers: Asker[],
  askedAt: number,
): Ticket<Asker> {
  const key = requestKey(request.sender, request.id);
  const unsought = {
    isReadSince: false,
    isPrevSought: false,
    isSelfSought: false,
    selfSoughtAt: 0,
    isTargetSought: false,
  };
  return { order, request, key, askers, askedAt, ...unsought };
}

/** Fills a hole of a restored log; its id says where, so that whoever repairs it repairs it once. */
export function noopTicket<Asker>(channel: ChannelId, seq: Seq): Ticket<Asker> {
  const wish = { kind: "noop" } as const;
  return newTicket({ channel, sender: "parley", id: `~noop-${seq}`, hash: "", wish }, noopOrder, [], 0);
}

export function isNoop(ticket: Ticket<unknown> | undefined): boolean {
  return ticket?.order === noopOrder;
}

/** In the order in which they came. */
export function byOrder<Asker>(tickets: Ticket<Asker>[]): Ticket<Asker>[] {
  return tickets.sort((a, b) => a.order - b.order);
}
