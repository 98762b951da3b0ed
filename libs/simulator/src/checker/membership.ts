import type { SeenEvent } from "../history/lines.ts";

/** From its `joined` event to the event that ended it, both included; still going on where `to` is infinite. */
export interface Membership {
  readonly from: number;
  readonly to: number;
}

/** Who was in a channel and as what, after each event of its log. */
export interface Members {
  memberships(user: string): readonly Membership[];
  /** The role after the event `seq`; undefined for somebody who was not in. */
  roleAt(user: string, seq: number): string | undefined;
  /** How many were in after the event `seq`. */
  sizeAt(seq: number): { readonly members: number; readonly owners: number };
  /** The seqs after which somebody was in, out, or something else than before; ascending. */
  readonly turns: readonly number[];
}

interface Turn {
  readonly seq: number;
  readonly role: string | undefined;
}

/** `events`: ascending. */
export function foldMembers(events: readonly SeenEvent[]): Members {
  const memberships = new Map<string, Membership[]>();
  const roles = new Map<string, Turn[]>();
  const now = new Map<string, string>();
  const turns: number[] = [];
  const sizes: { readonly members: number; readonly owners: number }[] = [];

  const apply = (seq: number, user: string, role: string | undefined): void => {
    const list = memberships.get(user) ?? [];
    memberships.set(user, list);
    const last = list.at(-1);
    if (role !== undefined && !now.has(user)) list.push({ from: seq, to: Number.POSITIVE_INFINITY });
    if (role === undefined && last !== undefined) list[list.length - 1] = { ...last, to: seq };
    if (role === undefined) now.delete(user);
    else now.set(user, role);
    const turn = { seq, role };
    const own = roles.get(user);
    if (own === undefined) roles.set(user, [turn]);
    else own.push(turn);
  };

  for (const { seq, members } of events) {
    if (members === undefined) continue;
    for (const { user, change, role } of members) {
      if (change === "joined") apply(seq, user, role ?? "member");
      else if (!now.has(user)) continue;
      else apply(seq, user, change === "role" ? (role ?? now.get(user)) : undefined);
    }
    turns.push(seq);
    sizes.push({ members: now.size, owners: [...now.values()].filter((role) => role === "owner").length });
  }

  return {
    turns,
    memberships: (user) => memberships.get(user) ?? [],
    roleAt: (user, seq) => roles.get(user)?.findLast((turn) => turn.seq <= seq)?.role,
    sizeAt: (seq) => sizes[turns.findLastIndex((turn) => turn <= seq)] ?? { members: 0, owners: 0 },
  };
}
