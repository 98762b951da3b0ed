import type { Fields } from "../history/content.ts";

/** One channel of the reference server: its log as plain event frames, and who is in. */
export interface ReferenceChannel {
  readonly id: string;
  readonly events: Fields[];
  /** user → the seqs between which the user was in; `to` included. */
  readonly memberships: Map<string, { readonly from: number; to: number }[]>;
}

export function isMember(channel: ReferenceChannel, user: string): boolean {
  return channel.memberships.get(user)?.at(-1)?.to === Number.POSITIVE_INFINITY;
}

export function isVisible(channel: ReferenceChannel, user: string, seq: number): boolean {
  return (channel.memberships.get(user) ?? []).some(({ from, to }) => from <= seq && seq <= to);
}

/** Why this member may not have what the frame asks for, judged on the log as it stands; undefined where it is right. */
export function findRefusal(
  channel: ReferenceChannel,
  user: string,
  frame: Fields,
): "not_found" | "forbidden" | undefined {
  switch (frame["type"]) {
    case "send":
      return frame["replyTo"] === undefined || isMessage(channel, user, frame["replyTo"]) ? undefined : "not_found";
    case "edit":
    case "delete":
    case "react":
      if (!isMessage(channel, user, frame["target"]) || isDeleted(channel, frame["target"])) return "not_found";
      return frame["type"] === "react" || channel.events[Number(frame["target"]) - 1]?.["sender"] === user
        ? undefined
        : "forbidden";
    case "channel.invite":
      return isMember(channel, String(frame["user"])) ? "forbidden" : undefined;
    case "channel.remove":
    case "channel.role":
      return isMember(channel, String(frame["user"])) ? undefined : "not_found";
    default:
      return undefined;
  }
}

function isMessage(channel: ReferenceChannel, user: string, seq: unknown): boolean {
  return channel.events[Number(seq) - 1]?.["kind"] === "message" && isVisible(channel, user, Number(seq));
}

function isDeleted({ events }: ReferenceChannel, seq: unknown): boolean {
  return events.some(({ kind, target }) => kind === "delete" && target === seq);
}

/** The event that a request asks for, without number and time. */
export function eventOfRequest(frame: Fields): Fields {
  const { text, data, replyTo, mentions, target, emoji, user, role } = frame;
  switch (frame["type"]) {
    case "edit":
      return { kind: "edit", target, text };
    case "delete":
      return { kind: "delete", target };
    case "react":
      return { kind: "reaction", target, emoji, ...(frame["remove"] === true ? { remove: true } : {}) };
    case "channel.invite":
      return { kind: "member", user, change: "joined", role: "member" };
    case "channel.remove":
      return { kind: "member", user, change: "removed" };
    case "channel.role":
      return { kind: "member", user, change: "role", role };
    default:
      return { kind: "message", text, data, replyTo, mentions };
  }
}

/** Puts an event at the end of the log; membership follows. */
export function append(channel: ReferenceChannel, sender: string, id: string, body: Fields): Fields {
  const seq = channel.events.length + 1;
  const event = { type: "event", channel: channel.id, seq, ...body, sender, time: Date.now(), id };
  channel.events.push(event);
  const joined = body["kind"] === "created" && Array.isArray(body["members"]) ? body["members"] : [];
  for (const { user } of joined) channel.memberships.set(String(user), [{ from: seq, to: Number.POSITIVE_INFINITY }]);
  if (body["kind"] !== "member") return event;
  const user = String(body["user"]);
  const list = channel.memberships.get(user) ?? [];
  channel.memberships.set(user, list);
  const last = list.at(-1);
  if (body["change"] === "joined" && !isMember(channel, user)) list.push({ from: seq, to: Number.POSITIVE_INFINITY });
  if ((body["change"] === "removed" || body["change"] === "left") && last !== undefined) last.to = seq;
  return event;
}

/** The event as a page of `history` shows it: the newest text, or none if it was deleted. */
export function folded(channel: ReferenceChannel, event: Fields): Fields {
  if (event["kind"] !== "message" && event["kind"] !== "edit") return event;
  const origin = event["kind"] === "edit" ? event["target"] : event["seq"];
  if (isDeleted(channel, origin))
    return { ...event, text: event["kind"] === "edit" ? "" : undefined, data: undefined, deleted: true };
  if (event["kind"] === "edit") return event;
  const edit = channel.events.findLast(({ kind, target }) => kind === "edit" && target === origin);
  return edit === undefined ? event : { ...event, text: edit["text"], editedAt: edit["time"] };
}
