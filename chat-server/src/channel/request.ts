import type { ChannelId, ErrorCode, RequestId, Role, Seq, UserId } from "@parley/protocol";

/** What somebody wants to be a fact in a channel's log. */
export type Wish =
  | {
      readonly kind: "message";
      readonly text?: string;
      /** JSON text, byte for byte as it is to be stored. */
      readonly data?: string;
      readonly replyTo?: Seq;
      readonly mentions?: readonly UserId[];
    }
  | { readonly kind: "edit"; readonly target: Seq; readonly text: string }
  | { readonly kind: "delete"; readonly target: Seq }
  | { readonly kind: "reaction"; readonly target: Seq; readonly emoji: string; readonly remove?: true }
  | { readonly kind: "invite"; readonly user: UserId }
  | { readonly kind: "remove"; readonly user: UserId }
  | { readonly kind: "leave" }
  | { readonly kind: "role"; readonly user: UserId; readonly role: Role }
  | {
      readonly kind: "create";
      readonly channelKind: "direct" | "group";
      readonly name?: string;
      readonly members: readonly UserId[];
    }
  /** Fills a hole of a restored log; only the home itself wishes it. */
  | { readonly kind: "noop" };

export interface AppendRequest {
  readonly channel: ChannelId;
  readonly sender: UserId;
  readonly id: RequestId;
  /** Keyed hash of the wish, see {@link contentHash}. */
  readonly hash: string;
  readonly prev?: RequestId;
  readonly wish: Wish;
}

export type Answer =
  | {
      readonly ok: true;
      readonly seq: Seq;
      readonly time: number;
      readonly isDuplicate: boolean;
      /** Messages in 1..seq, where whoever answers knows. */
      readonly ordinal?: number;
    }
  | {
      readonly ok: false;
      readonly code: ErrorCode;
      /** Names the field at fault. */
      readonly message: string;
      readonly retryAfterMs?: number;
      /** Another copy of the request may still get in (rule 9). */
      readonly isUnknown?: true;
    };

export function refuse(code: ErrorCode, message: string): Answer & { ok: false } {
  return { ok: false, code, message };
}

/** The name under which a request is the same request, for good: (sender, id) within its channel. */
export function requestKey(sender: UserId, id: RequestId): string {
  return `${sender}\n${id}`;
}

const fixedBytes = 512;

/** About what a request takes in memory while it waits, bytes. */
export function weightOf({ wish }: AppendRequest): number {
  switch (wish.kind) {
    case "message":
      return fixedBytes + 2 * ((wish.text?.length ?? 0) + (wish.data?.length ?? 0)) + 64 * (wish.mentions?.length ?? 0);
    case "edit":
      return fixedBytes + 2 * wish.text.length;
    case "create":
      return fixedBytes + 64 * wish.members.length;
    default:
      return fixedBytes;
  }
}
