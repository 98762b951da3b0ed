import { presenceQueryMax } from "@parley/cluster";
import type { ChannelId, Role, UserId } from "@parley/protocol";
import type { Answer, UserAnswer } from "./answers.ts";
import type { Memberships } from "./membership.ts";
import type { UserQueries } from "./users.ts";

export interface ChannelPage extends Answer {
  readonly channel: ChannelId;
  /** How many members there are, online or not. */
  readonly members: number;
  /** Those of this page that are online or of whom it is not known, in the order of their names. */
  readonly users: readonly (UserAnswer & { readonly role: Role })[];
  readonly cursor?: string;
}

/** Members looked at for one page; beyond, the page ends early with a cursor, so that a request's work is bounded. */
const lookedAtMax = 10_000;

/**
 * The members of a channel that are online, page by page. `cursor` is the name of the last member looked at, so that
 * members who come and go meanwhile neither hide nor double others.
 */
export async function readChannelPage(
  memberships: Memberships,
  queries: UserQueries,
  channel: ChannelId,
  cursor: string | undefined,
  limit: number,
): Promise<ChannelPage> {
  const { members } = await memberships.read(channel);
  const names = [...members.keys()].filter((user) => cursor === undefined || user > cursor).sort();
  const users: (UserAnswer & { role: Role })[] = [];
  let complete = true;
  let lookedAt = 0;
  let last: UserId | undefined;
  while (lookedAt < names.length && lookedAt < lookedAtMax && users.length < limit) {
    const batch = names.slice(lookedAt, lookedAt + presenceQueryMax);
    const answer = await queries.many(batch);
    complete &&= answer.complete;
    for (const user of answer.users) {
      if (users.length === limit) break;
      lookedAt += 1;
      last = user.user;
      if (user.status !== "offline") users.push({ ...user, role: members.get(user.user) ?? "member" });
    }
  }
  const next = lookedAt < names.length && last !== undefined ? { cursor: last } : {};
  return { complete, channel, members: members.size, users, ...next };
}
