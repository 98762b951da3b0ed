import { createHmac, hash } from "node:crypto";
import type { ChannelId, RequestId, UserId } from "@parley/protocol";
import type { Wish } from "./request.ts";

/**
 * Keyed hash of what a request says, without `prev` (rule 8): the same id with another hash is a `conflict`.
 * Keyed, since it outlives an erased text (rule 23) and must not let anybody guess it. 128 bits, base64url.
 * The key stands before the content, in one hash, which costs a third of an HMAC: half of the digest is left out, so
 * that nobody could lengthen what it covers.
 */
export function contentHash(key: string, wish: Wish): string {
  return hash("sha256", `${key}\n${canonical(wish)}`, "base64url").slice(0, 22);
}

function canonical(wish: Wish): string {
  switch (wish.kind) {
    case "message":
      return JSON.stringify(["m", wish.text ?? null, wish.data ?? null, wish.replyTo ?? 0, wish.mentions ?? []]);
    case "edit":
      return JSON.stringify(["e", wish.target, wish.text]);
    case "delete":
      return JSON.stringify(["d", wish.target]);
    case "reaction":
      return JSON.stringify(["r", wish.target, wish.emoji, wish.remove === true]);
    case "invite":
    case "remove":
      return JSON.stringify([wish.kind, wish.user]);
    case "leave":
    case "noop":
      return JSON.stringify([wish.kind]);
    case "role":
      return JSON.stringify(["role", wish.user, wish.role]);
    case "create":
      return JSON.stringify(["c", wish.channelKind, wish.name ?? null, [...wish.members].sort()]);
    default:
      return wish satisfies never;
  }
}

/** A group's id: one (user, request id), one channel, however often it is asked for (rule 18). */
export function groupChannelId(key: string, creator: UserId, id: RequestId): ChannelId {
  return `g${createHmac("sha256", key).update(`group\n${creator}\n${id}`).digest("base64url").slice(0, 22)}`;
}

/** A direct channel's id: the same two users, the same channel. */
export function directChannelId(key: string, one: UserId, other: UserId): ChannelId {
  const pair = [one, other].sort().join("\n");
  return `d${createHmac("sha256", key).update(`direct\n${pair}`).digest("base64url").slice(0, 22)}`;
}
