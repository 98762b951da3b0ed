import type { ChannelId, Seq, UserId } from "@parley/protocol";

/** The index user → channels of the store: each mark only ever moves forward (rule 19). */
export class IndexModel {
  private readonly marks = new Map<string, { in: Seq; out: Seq }>();

  markIn(user: UserId, channel: ChannelId, seq: Seq): void {
    const mark = this.markOf(user, channel);
    mark.in = Math.max(mark.in, seq);
  }

  markOut(user: UserId, channel: ChannelId, seq: Seq): void {
    const mark = this.markOf(user, channel);
    mark.out = Math.max(mark.out, seq);
  }

  marksOf(user: UserId): ReadonlyMap<ChannelId, { readonly in: Seq; readonly out: Seq }> {
    const found = new Map<ChannelId, { in: Seq; out: Seq }>();
    for (const [key, mark] of this.marks) {
      const [owner, channel = ""] = key.split("\n");
      if (owner === user) found.set(channel, { ...mark });
    }
    return found;
  }

  isListed(user: UserId, channel: ChannelId): boolean {
    const mark = this.markOf(user, channel);
    return mark.in > mark.out;
  }

  private markOf(user: UserId, channel: ChannelId): { in: Seq; out: Seq } {
    const key = `${user}\n${channel}`;
    const found = this.marks.get(key);
    if (found !== undefined) return found;
    const made = { in: 0, out: 0 };
    this.marks.set(key, made);
    return made;
  }
}
