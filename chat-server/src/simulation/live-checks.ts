import type { ChannelId, Seq, UserId } from "@parley/protocol";
import { ChannelFold } from "../channel/fold.ts";
import type { World } from "./world.ts";

/** What must hold at each instant, not only at the end: the index is a superset of the memberships (rule 19). */
export class LiveChecks {
  private readonly world: World;
  private readonly folds = new Map<ChannelId, ChannelFold>();

  constructor(world: World) {
    this.world = world;
  }

  onGrowth(channel: ChannelId): void {
    const fold = this.folds.get(channel) ?? new ChannelFold();
    this.folds.set(channel, fold);
    const members: UserId[] = [];
    for (const event of this.world.store(channel).majority.after(fold.seq)) fold.apply(event);
    for (const [user, member] of fold.members) if (member.role !== undefined) members.push(user);
    for (const user of members) if (!this.world.index.isListed(user, channel)) this.report(channel, user, fold.seq);
  }

  private report(channel: ChannelId, user: UserId, head: Seq): void {
    this.world.history.violate("19", `${user} is a member of ${channel} at ${head}, and the index does not list it`);
  }
}
