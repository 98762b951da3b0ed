import type { ChannelId, Seq, UserId } from "@parley/protocol";
import type { UserIndex } from "../message-store.ts";
import type { Tables, UserRow } from "./tables.ts";

const nothing: UserRow = { in: 0, out: 0 };

export function userIndex(tables: Tables, user: UserId): UserIndex {
  const channels = new Map<ChannelId, { in: Seq; out: Seq }>();
  const reads = new Map<ChannelId, { seq: Seq; ordinal: number }>();
  // Ids are ASCII, so a key of U+FFFF ends the user's rows.
  for (const { key, value } of tables.users.getRange({ start: [user, ""], end: [user, "\uffff"] })) {
    if (value.in > 0 || value.out > 0) channels.set(key[1], { in: value.in, out: value.out });
    if (value.read !== undefined) reads.set(key[1], value.read);
  }
  tables.touch(channels.size + reads.size);
  return { channels, reads };
}

export function markUser(tables: Tables, user: UserId, channel: ChannelId, mark: { in: Seq; out: Seq }): void {
  const before = tables.users.get([user, channel]) ?? nothing;
  if (mark.in <= before.in && mark.out <= before.out) return;
  tables.users.put([user, channel], {
    ...before,
    in: Math.max(before.in, mark.in),
    out: Math.max(before.out, mark.out),
  });
}

export function markReads(
  tables: Tables,
  user: UserId,
  reads: ReadonlyMap<ChannelId, { seq: Seq; ordinal: number }>,
): void {
  for (const [channel, read] of reads) {
    const before = tables.users.get([user, channel]) ?? nothing;
    if (read.seq > (before.read?.seq ?? 0)) tables.users.put([user, channel], { ...before, read });
  }
}
