import type { ChannelId, Seq, UserId } from "@parley/protocol";
import type { Answer, AppendRequest } from "../channel/request.ts";
import type { RelayedEvent } from "../relay/relayed-event.ts";

/** What chat servers say to each other. All of it may be lost, doubled or late. */
export type PeerMessage =
  /** Please append this; the answer names `call`. */
  | { readonly type: "append"; readonly call: number; readonly request: AppendRequest }
  | { readonly type: "answer"; readonly call: number; readonly answer: Answer }
  /** That call is here already and will be answered: there is no need to append it by oneself. */
  | { readonly type: "pending"; readonly call: number }
  /** Sessions of these channels are here: send me their events. Answered by `interested`. */
  | { readonly type: "interest"; readonly channels: readonly ChannelId[] }
  | { readonly type: "interested"; readonly channels: readonly ChannelId[] }
  | { readonly type: "uninterest"; readonly channels: readonly ChannelId[] }
  | { readonly type: "events"; readonly channel: ChannelId; readonly events: readonly RelayedEvent[] }
  /** These logs reach so far: told again some seconds after the last event. */
  | { readonly type: "heads"; readonly heads: readonly (readonly [ChannelId, Seq])[] }
  /** These users have just become members, by the event `seq`; whoever holds their sessions attaches them. */
  | { readonly type: "joined"; readonly channel: ChannelId; readonly users: readonly UserId[]; readonly seq: number }
  /** A receipt or typing: from anybody to the home (`isFromHome` false), which passes it on to all who are interested. */
  | {
      readonly type: "cast";
      readonly channel: ChannelId;
      readonly isFromHome: boolean;
      readonly from: UserId;
      readonly payload: Uint8Array;
    };
