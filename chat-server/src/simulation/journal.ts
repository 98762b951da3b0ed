import type { ChannelId, RequestId, Seq, UserId } from "@parley/protocol";
import type { Answer, AppendRequest } from "../channel/request.ts";

/** What passes over clients' sockets, one thing after the other, for whoever wants to keep it. `socket`: its number. */
export type Seen =
  | {
      readonly kind: "connected";
      readonly at: number;
      readonly socket: number;
      readonly device: number;
      readonly user: UserId;
      readonly cursors: ReadonlyMap<ChannelId, Seq>;
    }
  | {
      readonly kind: "welcomed";
      readonly at: number;
      readonly socket: number;
      readonly heads: ReadonlyMap<ChannelId, Seq>;
    }
  | { readonly kind: "closed"; readonly at: number; readonly socket: number }
  | {
      readonly kind: "asked";
      readonly at: number;
      readonly socket: number;
      /** Which wish it is a copy of. */
      readonly operation: number;
      readonly request: AppendRequest;
    }
  | {
      readonly kind: "answered";
      readonly at: number;
      readonly socket: number;
      readonly request: AppendRequest;
      readonly answer: Answer;
    }
  | {
      readonly kind: "event";
      readonly at: number;
      readonly socket: number;
      readonly channel: ChannelId;
      readonly payload: Uint8Array;
    }
  | {
      readonly kind: "gap";
      readonly at: number;
      readonly socket: number;
      readonly channel: ChannelId;
      readonly from: Seq;
      readonly to: Seq;
    }
  | {
      readonly kind: "reset";
      readonly at: number;
      readonly socket: number;
      readonly channel: ChannelId;
      readonly head: Seq;
    }
  | {
      readonly kind: "read";
      readonly at: number;
      readonly socket: number;
      readonly id: RequestId;
      readonly channel: ChannelId;
      readonly after?: Seq;
      readonly before?: Seq;
    }
  | {
      readonly kind: "page";
      readonly at: number;
      readonly socket: number;
      readonly id: RequestId;
      readonly events: readonly object[];
      readonly isComplete: boolean;
    };

export type Journal = (seen: Seen) => void;
