import {
  type ChannelCreateFrame,
  type ChannelId,
  type ChannelInviteFrame,
  type ChannelLeaveFrame,
  type ChannelRemoveFrame,
  type ChannelRoleFrame,
  type DeleteFrame,
  type EditFrame,
  encodeAck,
  type ReactFrame,
  type RequestId,
  type SendFrame,
} from "@parley/protocol";
import { contentHash, directChannelId, groupChannelId } from "../../channel/content-hash.ts";
import type { Answer, AppendRequest, Wish } from "../../channel/request.ts";
import { type Outcome, refusalOf, reject, reply } from "../outcome.ts";
import type { Services } from "../services.ts";
import type { Session } from "../session.ts";

/** Requests that become one event in a channel's log. */
export type AppendFrame =
  | SendFrame
  | EditFrame
  | DeleteFrame
  | ReactFrame
  | ChannelInviteFrame
  | ChannelRemoveFrame
  | ChannelLeaveFrame
  | ChannelRoleFrame;

/**
 * Answered by `ack` or `error`, once, through `finish`. The channel's home is offered the request before this returns:
 * order is kept. A promise would be made and thrown away with every message.
 */
export function handleAppend(
  services: Services,
  session: Session,
  frame: AppendFrame,
  isRepeat: boolean,
  finish: (outcome: Outcome) => void,
): void {
  const request = toRequest(services, session, frame.channel, frame.id, toWish(frame));
  const prev = "prev" in frame ? frame.prev : undefined;
  services.appends.append(prev === undefined ? request : { ...request, prev }, isRepeat, (answer) => {
    if (!answer.ok) return finish(refusalOf(frame.id, answer, isRepeat));
    const { seq, time, isDuplicate } = answer;
    if (frame.type === "send" && !isDuplicate) {
      // Whoever writes has read: nobody's own message is unread.
      const ordinal = answer.ordinal ?? session.channels.get(frame.channel)?.record.relay?.ordinalAt(seq);
      services.readMarks.advance(session.owner, frame.channel, seq, ordinal);
    }
    finish(reply(encodeAck(frame.id, frame.channel, seq, time, isDuplicate)));
  });
}

export async function handleCreate(
  services: Services,
  session: Session,
  frame: ChannelCreateFrame,
  isRepeat: boolean,
): Promise<Outcome> {
  const { id, kind } = frame;
  const others = [...new Set(frame.members)].filter((user) => user !== session.user);
  const { membersMax } = services.config;
  if (kind === "direct" && others.length !== 1) {
    return reject(id, "bad_frame", "members: a direct channel has exactly one other member");
  }
  if (others.length >= membersMax) return reject(id, "bad_frame", `members: must be at most ${membersMax - 1} others`);
  const other = others[0];
  const channel =
    kind === "direct" && other !== undefined
      ? directChannelId(services.secret, session.user, other)
      : groupChannelId(services.secret, session.user, id);
  const name = frame.name === undefined ? {} : { name: frame.name };
  const wish: Wish = { kind: "create", channelKind: kind, members: others, ...name };
  const request = toRequest(services, session, channel, id, wish);
  const answer = await new Promise<Answer>((resolve) => services.appends.append(request, isRepeat, resolve));
  if (!answer.ok) return refusalOf(id, answer, isRepeat);
  return reply({ type: "result", id, channel });
}

function toRequest(services: Services, session: Session, channel: ChannelId, id: RequestId, wish: Wish): AppendRequest {
  return { channel, sender: session.user, id, hash: contentHash(services.secret, wish), wish };
}

function toWish(frame: AppendFrame): Wish {
  switch (frame.type) {
    case "send":
      return {
        kind: "message",
        ...(frame.text === undefined ? {} : { text: frame.text }),
        ...(frame.dataJson === undefined ? {} : { data: frame.dataJson }),
        ...(frame.replyTo === undefined ? {} : { replyTo: frame.replyTo }),
        ...(frame.mentions === undefined ? {} : { mentions: frame.mentions }),
      };
    case "edit":
      return { kind: "edit", target: frame.target, text: frame.text };
    case "delete":
      return { kind: "delete", target: frame.target };
    case "react": {
      const reaction = { kind: "reaction", target: frame.target, emoji: frame.emoji } as const;
      return frame.remove === true ? { ...reaction, remove: true } : reaction;
    }
    case "channel.invite":
      return { kind: "invite", user: frame.user };
    case "channel.remove":
      return { kind: "remove", user: frame.user };
    case "channel.leave":
      return { kind: "leave" };
    case "channel.role":
      return { kind: "role", user: frame.user, role: frame.role };
    default:
      return frame satisfies never;
  }
}
