import type { Role, UserId } from "@parley/protocol";
import type { EventBody } from "@parley/store";
import type { ChannelFold } from "./fold.ts";
import { type Answer, type AppendRequest, refuse } from "./request.ts";

/** What is known of a message that a request points at. */
export interface Target {
  readonly isMessage: boolean;
  readonly sender: UserId;
  readonly isDeleted: boolean;
}

export type Decision =
  | { readonly kind: "append"; readonly body: EventBody }
  | { readonly kind: "refuse"; readonly answer: Answer & { ok: false } }
  /** The very thing asked for is there already (a direct channel created by the other side). */
  | { readonly kind: "exists" };

/** The same words whether or not there is such a channel. */
export const notMember = refuse("not_member", "channel: you are not a member");

export interface DecideLimits {
  readonly membersMax: number;
}

/** The seq that a request points at, which {@link decide} wants to know the target of. */
export function pointsAt(request: AppendRequest): number | undefined {
  const wish = request.wish;
  if (wish.kind === "edit" || wish.kind === "delete" || wish.kind === "reaction") return wish.target;
  return wish.kind === "message" ? wish.replyTo : undefined;
}

/**
 * Judges one request on the fold of the log before it (rule 5). Pure. `target` is what {@link pointsAt} points at,
 * `undefined` where the log has no such event.
 */
export function decide(
  request: AppendRequest,
  fold: ChannelFold,
  target: Target | undefined,
  limits: DecideLimits,
): Decision {
  const { wish, sender } = request;
  if (wish.kind === "noop") return append({ kind: "noop" });
  if (wish.kind === "create") return decideCreate(request, fold);
  const role = fold.roleOf(sender);
  if (role === undefined) return { kind: "refuse", answer: notMember };
  switch (wish.kind) {
    case "message":
      if (role === "reader") return no("forbidden", "channel: a reader may not send");
      if (wish.replyTo !== undefined && !(target?.isMessage && fold.maySee(sender, wish.replyTo)))
        return no("not_found", "replyTo: there is no such message");
      return append(wish);
    case "edit":
    case "delete":
    case "reaction":
      return decideOnTarget(request, fold, role, target);
    case "invite":
    case "remove":
    case "leave":
    case "role":
      return decideMembership(request, fold, role, limits);
    default:
      return wish satisfies never;
  }
}

function decideCreate(request: AppendRequest, fold: ChannelFold): Decision {
  const { wish, sender } = request;
  if (wish.kind !== "create") throw new Error("not a create");
  if (fold.kind !== undefined)
    // Another request made it: for a direct channel that is the answer, for a group it can only be a foreign id.
    return fold.kind === "direct" ? { kind: "exists" } : no("conflict", "id: already used for another channel");
  const others = wish.members.filter((user) => user !== sender);
  const members =
    wish.channelKind === "direct"
      ? [sender, ...others].map((user) => ({ user, role: "member" as Role }))
      : [{ user: sender, role: "owner" as Role }, ...others.map((user) => ({ user, role: "member" as Role }))];
  return append({
    kind: "created",
    channelKind: wish.channelKind,
    ...(wish.name === undefined ? {} : { name: wish.name }),
    members,
  });
}

function decideOnTarget(request: AppendRequest, fold: ChannelFold, role: Role, target: Target | undefined): Decision {
  const { wish, sender } = request;
  if (wish.kind !== "edit" && wish.kind !== "delete" && wish.kind !== "reaction") throw new Error("no target");
  if (role === "reader") return no("forbidden", "channel: a reader may only read");
  if (!target?.isMessage || target.isDeleted || !fold.maySee(sender, wish.target))
    return no("not_found", "target: there is no such message");
  const isOwn = target.sender === sender;
  if (wish.kind === "edit" && !isOwn) return no("forbidden", "target: only its sender may edit a message");
  if (wish.kind === "delete" && !isOwn && !isAtLeastModerator(role))
    return no("forbidden", "target: only its sender or a moderator may delete a message");
  return append(wish);
}

function decideMembership(request: AppendRequest, fold: ChannelFold, role: Role, limits: DecideLimits): Decision {
  const { wish, sender } = request;
  if (fold.kind === "direct") return no("forbidden", "channel: the members of a direct channel are fixed");
  switch (wish.kind) {
    case "invite":
      if (!isAtLeastModerator(role)) return no("forbidden", "channel: only owners and moderators may invite");
      if (fold.isMember(wish.user)) return no("forbidden", "user: already a member");
      if (fold.memberCount >= limits.membersMax)
        return no("forbidden", `channel: has its most members, ${limits.membersMax}`);
      return append({ kind: "member", user: wish.user, change: "joined", role: "member" });
    case "remove": {
      const theirs = fold.roleOf(wish.user);
      if (wish.user !== sender && !isAtLeastModerator(role))
        return no("forbidden", "channel: only owners and moderators may remove others");
      if (theirs === undefined) return no("not_found", "user: not a member");
      if (wish.user !== sender && role !== "owner" && isAtLeastModerator(theirs))
        return no("forbidden", "user: only an owner may remove an owner or a moderator");
      return part(fold, wish.user, wish.user === sender ? "left" : "removed");
    }
    case "leave":
      return part(fold, sender, "left");
    case "role": {
      if (role !== "owner") return no("forbidden", "channel: only owners may change roles");
      const theirs = fold.roleOf(wish.user);
      if (theirs === undefined) return no("not_found", "user: not a member");
      if (theirs === "owner" && wish.role !== "owner" && fold.ownerCount === 1)
        return no("forbidden", "role: a group keeps at least one owner");
      return append({ kind: "member", user: wish.user, change: "role", role: wish.role });
    }
    default:
      throw new Error("not about membership");
  }
}

function part(fold: ChannelFold, user: UserId, change: "left" | "removed"): Decision {
  if (fold.roleOf(user) === "owner" && fold.ownerCount === 1 && fold.memberCount > 1)
    return no("forbidden", "user: the last owner names another before leaving");
  return append({ kind: "member", user, change });
}

function isAtLeastModerator(role: Role): boolean {
  return role === "owner" || role === "moderator";
}

function append(body: EventBody): Decision {
  return { kind: "append", body };
}

function no(code: Parameters<typeof refuse>[0], message: string): Decision {
  return { kind: "refuse", answer: refuse(code, message) };
}
