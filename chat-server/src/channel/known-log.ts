import type { RequestId, Seq, UserId } from "@parley/protocol";
import type { LogEvent, StoredEvent } from "@parley/store";
import type { Target } from "./decide.ts";
import type { ChannelFold } from "./fold.ts";
import { RecentMap } from "./recent-map.ts";
import { requestKey } from "./request.ts";
import { SeenRequests } from "./seen-requests.ts";

/** A log as it was read on take-over. */
export interface LoadedLog {
  readonly head: Seq;
  /** Time and message ordinal of the event at head; 0 for an empty log. */
  readonly time: number;
  readonly ordinal: number;
  readonly fold: ChannelFold;
  /** The last events up to head, ascending. */
  readonly tail: readonly StoredEvent[];
  /** First seq above a hole, in a restored log. */
  readonly aboveHole?: Seq | undefined;
}

interface KnownRequest {
  readonly seq: Seq;
  readonly hash: string;
  readonly time: number;
}

const recentMax = 1_024;

/** All that the sequencer knows of its log. **Everything in here is durable**: what is in flight is never inside. */
export class KnownLog {
  head: Seq;
  time: number;
  ordinal: number;
  readonly fold: ChannelFold;
  /** Exactly, what was read or looked up; of what was appended here only that it may be in. */
  private readonly requests = new RecentMap<string, KnownRequest>(recentMax);
  private readonly seen = new SeenRequests();
  private readonly targets = new RecentMap<Seq, Target>(recentMax);
  /** Deletes of the recent past: a target read before its delete was applied at its origin would look alive. */
  private readonly deletes = new RecentMap<Seq, true>(recentMax);

  constructor(loaded: LoadedLog) {
    this.head = loaded.head;
    this.time = loaded.time;
    this.ordinal = loaded.ordinal;
    this.fold = loaded.fold;
    for (const stored of loaded.tail) {
      this.rememberRequest(stored.event);
      if (stored.event.body.kind === "delete") this.deletes.set(stored.event.body.target, true);
    }
    for (const stored of loaded.tail) this.rememberTarget(stored);
  }

  /** Takes in the next durable event. */
  apply(event: LogEvent): void {
    if (event.seq !== this.head + 1) throw new Error(`event ${event.seq} does not follow head ${this.head}`);
    this.head = event.seq;
    this.time = event.time;
    this.ordinal = event.ordinal;
    this.fold.apply(event);
    this.seen.add(event.sender, event.id);
    if (event.body.kind === "delete") this.deletes.set(event.body.target, true);
  }

  findRequest(key: string): KnownRequest | undefined {
    return this.requests.isEmpty ? undefined : this.requests.get(key);
  }

  /** Whether a request is in, as far as is known without looking it up; wrong about a stranger once in 2^52. */
  mayHaveRequest(sender: UserId, id: RequestId): boolean {
    if (this.seen.mayHave(sender, id)) return true;
    return !this.requests.isEmpty && this.requests.has(requestKey(sender, id));
  }

  findTarget(seq: Seq): Target | undefined {
    const target = this.targets.get(seq);
    return target !== undefined && this.deletes.has(seq) ? { ...target, isDeleted: true } : target;
  }

  rememberTarget(stored: StoredEvent): void {
    const { event, origin } = stored;
    const isErased = event.body.kind === "message" && event.body.erased === true;
    this.targets.set(event.seq, {
      isMessage: event.body.kind === "message",
      sender: event.sender,
      isDeleted: isErased || origin?.deleted !== undefined || this.deletes.has(event.seq),
    });
  }

  rememberRequest(event: LogEvent): void {
    // One above the head is not in our log yet: the next read will bring it in its place.
    if (event.seq > this.head) return;
    this.requests.set(requestKey(event.sender, event.id), { seq: event.seq, hash: event.hash, time: event.time });
  }
}
