import { digest } from "./digest.ts";
import type { Content, InvokeLine, MemberChange, RequestType, SeenEvent } from "./lines.ts";

/** A parsed JSON object whose fields are not known yet. */
export type Fields = Readonly<Record<string, unknown>>;

/**
 * What a request asks for, in the same terms as {@link eventContent}: the two are equal if and only if the event is
 * what was asked for.
 */
export function requestContent(frame: Fields): Content {
  switch (frame["type"]) {
    case "send":
      return content(frame["text"], [frame["data"], frame["replyTo"], frame["mentions"]]);
    case "edit":
      return content(frame["text"], [frame["target"]]);
    case "delete":
      return content(undefined, [frame["target"]]);
    case "react":
      return content(undefined, [frame["target"], frame["emoji"], frame["remove"] === true]);
    case "channel.invite":
      return content(undefined, [frame["user"], "joined"]);
    case "channel.remove":
      return content(undefined, [frame["user"], "removed"]);
    case "channel.leave":
      // The one who leaves is the sender, which the checker compares by itself.
      return content(undefined, ["left"]);
    case "channel.role":
      return content(undefined, [frame["user"], "role", frame["role"]]);
    default:
      // channel.create: the event also lists its maker, and lists nobody twice.
      return content(undefined, [frame["kind"], frame["name"]]);
  }
}

/** What a request names beside its content, as far as a refusal may hang on it. */
export function requestFacts(frame: Fields): Partial<InvokeLine> {
  const { type, channel, prev, target, replyTo, user, role, kind, members } = frame;
  const isAboutSomebody = type === "channel.invite" || type === "channel.remove" || type === "channel.role";
  const isCreation = type === "channel.create";
  return {
    ...(typeof channel === "string" ? { channel } : {}),
    ...(typeof prev === "string" ? { prev } : {}),
    ...(typeof target === "number" ? { target } : {}),
    ...(typeof replyTo === "number" ? { replyTo } : {}),
    ...(isAboutSomebody && typeof user === "string" ? { subject: user } : {}),
    ...(type === "channel.role" && typeof role === "string" ? { role } : {}),
    ...(isCreation && isChannelKind(kind) ? { channelKind: kind } : {}),
    ...(isCreation && Array.isArray(members) ? { members: members.map(String) } : {}),
  };
}

function isChannelKind(kind: unknown): kind is "direct" | "group" {
  return kind === "direct" || kind === "group";
}

/** Fingerprints of one `event` frame or of one event of a `history` page. */
export function eventContent(frame: Fields): Content {
  switch (frame["kind"]) {
    case "message":
      return content(frame["text"], [frame["data"], frame["replyTo"], frame["mentions"]]);
    case "edit":
      return content(frame["text"], [frame["target"]]);
    case "delete":
      return content(undefined, [frame["target"]]);
    case "reaction":
      return content(undefined, [frame["target"], frame["emoji"], frame["remove"] === true]);
    case "member":
      return memberContent(frame);
    case "created":
      return content(undefined, [frame["channelKind"], frame["name"]]);
    default:
      return content(undefined, []);
  }
}

const requestTypes: ReadonlySet<string> = new Set<RequestType>([
  "send",
  "edit",
  "delete",
  "react",
  "channel.create",
  "channel.invite",
  "channel.remove",
  "channel.leave",
  "channel.role",
]);

/** Whether this type of frame appends to a log. */
export function isRequestType(type: unknown): type is RequestType {
  return typeof type === "string" && requestTypes.has(type);
}

const kinds: ReadonlySet<string> = new Set<SeenEvent["kind"]>([
  "message",
  "edit",
  "delete",
  "reaction",
  "member",
  "created",
  "noop",
]);

function isKind(kind: unknown): kind is SeenEvent["kind"] {
  return typeof kind === "string" && kinds.has(kind);
}

/** **Errors**: throws where the frame is no event of the contract; that is a finding, not bad input. */
export function parseEvent(frame: Fields, bytes?: string): SeenEvent {
  const { channel, seq, kind, sender, id, time, target } = frame;
  if (typeof channel !== "string" || typeof seq !== "number" || !isKind(kind) || typeof time !== "number") {
    throw new Error(`not an event of the contract: ${JSON.stringify(frame).slice(0, 300)}`);
  }
  const members = memberChanges(frame);
  return {
    channel,
    seq,
    kind,
    sender: typeof sender === "string" ? sender : "",
    time,
    content: eventContent(frame),
    ...(typeof id === "string" ? { id } : {}),
    ...(bytes === undefined ? {} : { bytes }),
    ...(typeof target === "number" ? { target } : {}),
    ...(isChannelKind(frame["channelKind"]) ? { channelKind: frame["channelKind"] } : {}),
    ...(frame["deleted"] === true ? { isDeleted: true } : {}),
    ...(frame["editedAt"] === undefined ? {} : { isEdited: true }),
    ...(members === undefined ? {} : { members }),
  };
}

function content(text: unknown, rest: readonly unknown[]): Content {
  const fingerprint = digest(JSON.stringify(rest));
  // An erased edit shows an empty text, which nobody can send.
  return typeof text === "string" && text !== "" ? { text: digest(text), rest: fingerprint } : { rest: fingerprint };
}

function memberContent(frame: Fields): Content {
  const change = frame["change"];
  if (change === "left") return content(undefined, ["left"]);
  if (change === "role") return content(undefined, [frame["user"], "role", frame["role"]]);
  return content(undefined, [frame["user"], change]);
}

function memberChanges(frame: Fields): readonly MemberChange[] | undefined {
  if (frame["kind"] === "member") return [memberChange(frame, frame["change"])];
  if (frame["kind"] !== "created" || !Array.isArray(frame["members"])) return undefined;
  return frame["members"].filter(isFields).map((member) => memberChange(member, "joined"));
}

function memberChange(member: Fields, change: unknown): MemberChange {
  const known = change === "left" || change === "removed" || change === "role" ? change : "joined";
  return {
    user: String(member["user"]),
    change: known,
    ...(typeof member["role"] === "string" ? { role: member["role"] } : {}),
  };
}

/** Narrows what JSON.parse returned. */
export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
