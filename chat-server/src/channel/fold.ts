import type { Role, Seq, UserId } from "@parley/protocol";
import type { EventBody } from "@parley/store";

/** One stretch of membership: the member may see the events `from`..`to`, both ends inside. */
export interface Interval {
  readonly from: Seq;
  /** Messages numbered before `from`: unread is counted from here for somebody who has read nothing yet. */
  readonly ordinalBefore: number;
  /** 0 while it lasts. */
  readonly to: Seq;
}

export interface Member {
  /** Absent for somebody who left. */
  readonly role?: Role;
  /** Ascending, never overlapping; the last is open iff `role` is there. */
  readonly intervals: readonly Interval[];
}

/** What a fold needs of an event; the log's own and the relayed form both have it. */
export interface FoldableEvent {
  readonly seq: Seq;
  readonly ordinal: number;
  readonly body?: EventBody | undefined;
}

/**
 * The membership of one channel as its log 1..seq says. Pure: the same events give the same fold everywhere
 * (rule 5 judges rights on it, rule 15 delivery).
 */
export class ChannelFold {
  /** Everything up to here is inside. */
  seq: Seq = 0;
  /** seq of the newest control event inside. */
  lastControl: Seq = 0;
  kind: "direct" | "group" | undefined;
  name: string | undefined;
  readonly members = new Map<UserId, Member>();
  private owners = 0;

  get ownerCount(): number {
    return this.owners;
  }

  roleOf(user: UserId): Role | undefined {
    return this.members.get(user)?.role;
  }

  isMember(user: UserId): boolean {
    return this.members.get(user)?.role !== undefined;
  }

  /** How many are members now. */
  get memberCount(): number {
    let count = 0;
    for (const member of this.members.values()) if (member.role !== undefined) count++;
    return count;
  }

  /** Whether the user may see event `seq`: asks the membership before the event, one's own `joined` inside (rule 15). */
  maySee(user: UserId, seq: Seq): boolean {
    const member = this.members.get(user);
    return member?.intervals.some((i) => i.from <= seq && (i.to === 0 || seq <= i.to)) ?? false;
  }

  intervalsOf(user: UserId): readonly Interval[] {
    return this.members.get(user)?.intervals ?? [];
  }

  /** Takes the next event in. Events without a body are not control events and only move `seq`. */
  apply(event: FoldableEvent): void {
    this.seq = event.seq;
    const body = event.body;
    if (body === undefined) return;
    if (body.kind === "created") {
      this.lastControl = event.seq;
      this.kind = body.channelKind;
      this.name = body.name;
      for (const { user, role } of body.members) this.join(user, role, event);
    } else if (body.kind === "member") {
      this.lastControl = event.seq;
      switch (body.change) {
        case "joined":
          this.join(body.user, body.role ?? "member", event);
          break;
        case "left":
        case "removed":
          this.part(body.user, event.seq);
          break;
        case "role":
          this.setRole(body.user, body.role ?? "member");
          break;
        default:
          body.change satisfies never;
      }
    }
  }

  clone(): ChannelFold {
    const copy = new ChannelFold();
    copy.seq = this.seq;
    copy.lastControl = this.lastControl;
    copy.kind = this.kind;
    copy.name = this.name;
    copy.owners = this.owners;
    for (const [user, member] of this.members) copy.members.set(user, member);
    return copy;
  }

  private join(user: UserId, role: Role, event: FoldableEvent): void {
    const before = this.members.get(user);
    if (before?.role !== undefined) return;
    if (role === "owner") this.owners++;
    const interval = { from: event.seq, ordinalBefore: event.ordinal, to: 0 };
    this.members.set(user, { role, intervals: [...(before?.intervals ?? []), interval] });
  }

  private part(user: UserId, seq: Seq): void {
    const before = this.members.get(user);
    if (before?.role === undefined) return;
    if (before.role === "owner") this.owners--;
    this.members.set(user, { intervals: before.intervals.map((i) => (i.to === 0 ? { ...i, to: seq } : i)) });
  }

  private setRole(user: UserId, role: Role): void {
    const before = this.members.get(user);
    if (before?.role === undefined) return;
    if (before.role === "owner") this.owners--;
    if (role === "owner") this.owners++;
    this.members.set(user, { role, intervals: before.intervals });
  }

  /** Shape of the store's snapshots; read back by {@link ChannelFold.fromJson}. */
  toJson(): string {
    const members = [...this.members].map(([user, m]) => [
      user,
      m.role ?? "",
      m.intervals.map((i) => [i.from, i.ordinalBefore, i.to]),
    ]);
    return JSON.stringify({ v: 1, lastControl: this.lastControl, kind: this.kind, name: this.name, members });
  }

  /** `undefined` where the text is not a snapshot of this version: the reader then walks the whole chain. */
  static fromJson(seq: Seq, json: string): ChannelFold | undefined {
    const parsed = JSON.parse(json) as {
      v: number;
      lastControl: Seq;
      kind?: "direct" | "group";
      name?: string;
      members: [UserId, Role | "", [Seq, number, Seq][]][];
    };
    if (parsed.v !== 1) return undefined;
    const fold = new ChannelFold();
    fold.seq = seq;
    fold.lastControl = parsed.lastControl;
    fold.kind = parsed.kind;
    fold.name = parsed.name;
    for (const [user, role, intervals] of parsed.members) {
      if (role === "owner") fold.owners++;
      const list = intervals.map(([from, ordinalBefore, to]) => ({ from, ordinalBefore, to }));
      fold.members.set(user, role === "" ? { intervals: list } : { role, intervals: list });
    }
    return fold;
  }
}

/** Whether an event changes the membership: the fold of a channel needs only these. */
export function isControl(body: EventBody): boolean {
  return body.kind === "created" || body.kind === "member";
}
