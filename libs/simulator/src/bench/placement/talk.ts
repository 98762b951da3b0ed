import { type Fields, isFields } from "../../history/content.ts";
import type { RawRoom } from "../clients/crowd.ts";

/** What one member has been pushed of one channel. */
interface Heard {
  last: number;
  readonly ids: Map<number, string>;
}

/** What became of the messages of a talk. */
export interface TalkCount {
  readonly acked: number;
  /** An acked message that a member has not been pushed; one for each member. */
  readonly missing: number;
  /** Pushed again, or below a number that had been pushed. */
  readonly repeated: number;
  /** A number was left out. */
  readonly holes: number;
  /** Another message under the number of the ack. */
  readonly others: number;
  readonly refusedForGood: number;
  /** Sent, and neither acked nor refused when the time was over. */
  readonly unanswered: number;
}

/**
 * People who write in their rooms at a steady pace, and the account of what each member is pushed. Everything counts, also
 * what came before {@link Talk.begin}: rooms being made.
 */
export class Talk {
  private rooms: readonly RawRoom[] = [];
  private readonly heard = new Map<string, Map<string, Heard>>();
  private readonly acks = new Map<string, Map<number, string>>();
  private readonly open = new Set<Promise<void>>();
  private timer: NodeJS.Timeout | undefined;
  private sent = 0;
  private repeated = 0;
  private holes = 0;
  private refusedForGood = 0;

  /** Of every client, from its first event on. */
  hear(user: string, text: string): void {
    const frame: unknown = JSON.parse(text);
    if (!isFields(frame)) return;
    const [channel, seq] = [String(frame["channel"]), Number(frame["seq"])];
    const channels = getOr(this.heard, user, () => new Map<string, Heard>());
    const heard = getOr(channels, channel, () => ({ last: seq - 1, ids: new Map<number, string>() }));
    if (seq <= heard.last) this.repeated += 1;
    else if (seq > heard.last + 1) this.holes += 1;
    heard.last = Math.max(heard.last, seq);
    heard.ids.set(seq, `${frame["sender"]}/${frame["id"] ?? ""}`);
  }

  /** From room to room, and in each from member to member. */
  begin(rooms: readonly RawRoom[], perSecond: number): void {
    this.rooms = rooms;
    this.timer = setInterval(() => this.send(), 1_000 / perSecond);
  }

  /** Resolves when every message has its answer and every member every event, or `withinMs` is over. */
  async end(withinMs: number): Promise<TalkCount> {
    clearInterval(this.timer);
    const until = performance.now() + withinMs;
    const late = new Promise((resolve) => setTimeout(resolve, withinMs).unref());
    await Promise.race([Promise.all(this.open), late]);
    while (this.count().missing > 0 && performance.now() < until) await pause(100);
    return this.count();
  }

  private count(): TalkCount {
    let [acked, missing, others] = [0, 0, 0];
    for (const { channel, members } of this.rooms) {
      for (const [seq, id] of this.acks.get(channel) ?? []) {
        acked += 1;
        for (const { user } of members) {
          const heard = this.heard.get(user)?.get(channel)?.ids.get(seq);
          if (heard === undefined) missing += 1;
          else if (heard !== id) others += 1;
        }
      }
    }
    const { repeated, holes, refusedForGood, open } = this;
    return { acked, missing, others, repeated, holes, refusedForGood, unanswered: open.size };
  }

  private send(): void {
    const number = this.sent++;
    const room = this.rooms[number % this.rooms.length];
    const client = room?.members[Math.floor(number / this.rooms.length) % room.members.length];
    if (room === undefined || client === undefined) return;
    const { channel } = room;
    const id = `talk-${number}`;
    const frame: Fields = {
      type: "send",
      id,
      channel,
      text: "a message of some sixty characters, as people write them",
    };
    const sending = client.sendUntilAcked(frame).then(
      ({ seq }) => void getOr(this.acks, channel, () => new Map()).set(seq, `${client.user}/${id}`),
      () => {
        this.refusedForGood += 1;
      },
    );
    this.open.add(sending);
    void sending.then(() => this.open.delete(sending));
  }
}

function getOr<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const found = map.get(key);
  if (found !== undefined) return found;
  const made = make();
  map.set(key, made);
  return made;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
