import { type Spread, spreadOf } from "../../clients/figures.ts";

/** What must never be: counted over all messages of a phase, not only those of its window. */
export interface Faults {
  /** Deliveries that acked messages are owed: one to each member. */
  readonly due: number;
  /** Of those that are missing, told to the member as a gap that its history fills. */
  readonly announced: number;
  /** Acked, and not delivered to some member by the end: deliveries that are missing. */
  readonly lost: number;
  /** Deliveries beyond the first of one message to one member. */
  readonly doubled: number;
  /** Pairs of messages that stand next to each other for one member, compared with another member's order. */
  readonly pairs: number;
  readonly reordered: number;
}

/** The window of a phase in which is measured. */
export interface WindowFigures {
  readonly seconds: number;
  readonly sent: number;
  readonly acked: number;
  readonly refused: number;
  readonly deliveries: number;
  readonly ackMs: Spread;
  readonly endToEndMs: Spread;
}

/** Latencies kept of one window; beyond it every second one is dropped, so that what is kept stays spread evenly. */
const samplesMax = 1 << 20;
/** Members whose order is compared with the first one's, a room. */
const comparedMax = 20;

/**
 * Every message of one phase, by number: when it was sent and acked, and who got it in what order. Typed arrays, since
 * the generator must stay cheaper than what it measures. **Bounds**: `messagesMax`; {@link Tally.begin} throws beyond.
 */
export class Tally {
  readonly #base: number;
  readonly #room: Uint16Array;
  readonly #sentAt: Float64Array;
  readonly #ackedAt: Float64Array;
  readonly #got: readonly NumberList[];
  readonly #roomOf: (member: number) => number;
  #next = 0;
  #isOpen = false;
  #openedAt = 0;
  #window: WindowFigures | undefined;
  #sent = 0;
  #acked = 0;
  #refused = 0;
  #deliveries = 0;
  #announced = 0;
  #owedUntil = Number.POSITIVE_INFINITY;
  #ackMs = new Samples();
  #endToEndMs = new Samples();

  /** `base` is the number of the first message: numbers go on from phase to phase, since they are request ids too. */
  constructor(members: number, roomOf: (member: number) => number, messagesMax: number, base: number) {
    this.#base = base;
    this.#roomOf = roomOf;
    this.#room = new Uint16Array(messagesMax);
    this.#sentAt = new Float64Array(messagesMax);
    this.#ackedAt = new Float64Array(messagesMax);
    this.#got = Array.from({ length: members }, () => new NumberList());
  }

  /** The number of the next message. */
  get end(): number {
    return this.#base + this.#next;
  }

  /** Messages that are neither acked nor refused. */
  openCount = 0;

  openWindow(): void {
    this.#isOpen = true;
    this.#openedAt = performance.now();
  }

  closeWindow(): WindowFigures {
    this.#isOpen = false;
    this.#window = {
      seconds: (performance.now() - this.#openedAt) / 1_000,
      sent: this.#sent,
      acked: this.#acked,
      refused: this.#refused,
      deliveries: this.#deliveries,
      ackMs: this.#ackMs.spread(),
      endToEndMs: this.#endToEndMs.spread(),
    };
    return this.#window;
  }

  /** The number of a new message. **Errors**: throws when there is no room for more. */
  begin(member: number): number {
    const index = this.#next++;
    if (index >= this.#sentAt.length) throw new Error(`more than ${this.#sentAt.length} messages in one phase`);
    this.#room[index] = this.#roomOf(member);
    this.#sentAt[index] = performance.now();
    this.openCount += 1;
    if (this.#isOpen) this.#sent += 1;
    return this.#base + index;
  }

  /** False where it was acked before. */
  ack(message: number): boolean {
    const index = message - this.#base;
    if (this.#ackedAt[index] !== 0 || index >= this.#next) return false;
    const now = performance.now();
    this.#ackedAt[index] = now;
    this.openCount -= 1;
    if (this.#isOpen) {
      this.#acked += 1;
      this.#ackMs.add(now - (this.#sentAt[index] ?? 0));
    }
    return true;
  }

  /** It will be sent again, or be given up, which `isFinal` says. */
  refuse(isFinal: boolean): void {
    if (isFinal) this.openCount -= 1;
    if (this.#isOpen) this.#refused += 1;
  }

  deliver(member: number, message: number): void {
    const index = message - this.#base;
    if (index < 0 || index >= this.#next) return;
    this.#got[member]?.push(index);
    if (!this.#isOpen) return;
    this.#deliveries += 1;
    this.#endToEndMs.add(performance.now() - (this.#sentAt[index] ?? 0));
  }

  /** So many events were told to a member as left out. */
  announce(events: number): void {
    this.#announced += events;
  }

  /**
   * What is acked from now on is owed to nobody in this phase: a system that still works off a queue acks to the end, and
   * what it acked in the last moment is late and not lost.
   */
  stopOwing(): void {
    this.#owedUntil = performance.now();
  }

  /** Whether every acked message is with every member: one look at counts, for whoever waits. */
  isSettled(membersOf: (room: number) => number): boolean {
    let expected = 0;
    for (let message = 0; message < this.#next; message++) {
      if (this.#isOwed(message)) expected += membersOf(this.#room[message] ?? 0);
    }
    return this.openCount === 0 && this.#got.reduce((sum, { length }) => sum + length, 0) >= expected;
  }

  /** After the end of the phase. */
  faults(rooms: readonly (readonly number[])[]): Faults {
    let [due, lost, doubled, pairs, reordered] = [0, 0, 0, 0, 0];
    const ackedOf = rooms.map(() => [] as number[]);
    for (let message = 0; message < this.#next; message++) {
      if (this.#isOwed(message)) ackedOf[this.#room[message] ?? 0]?.push(message);
    }
    const place = new Int32Array(this.#next);
    for (const [room, members] of rooms.entries()) {
      const acked = ackedOf[room] ?? [];
      due += acked.length * members.length;
      const [first = 0, ...others] = members;
      const order = this.#firsts(first);
      for (const member of members) {
        place.fill(-1);
        let count = 0;
        for (const message of this.#got[member]?.values() ?? []) {
          if (place[message] !== -1) doubled += 1;
          else place[message] = count++;
        }
        for (const message of acked) if (place[message] === -1) lost += 1;
        if (member === first || others.indexOf(member) >= comparedMax) continue;
        for (let index = 1; index < order.length; index++) {
          const before = place[order[index - 1] ?? 0] ?? -1;
          const after = place[order[index] ?? 0] ?? -1;
          if (before === -1 || after === -1) continue;
          pairs += 1;
          if (after < before) reordered += 1;
        }
      }
    }
    return { due, announced: this.#announced, lost, doubled, pairs, reordered };
  }

  #isOwed(index: number): boolean {
    const ackedAt = this.#ackedAt[index] ?? 0;
    return ackedAt !== 0 && ackedAt <= this.#owedUntil;
  }

  /** What a member got, repeats left out. */
  #firsts(member: number): readonly number[] {
    return [...new Set(this.#got[member]?.values() ?? [])];
  }
}

/** A list of whole numbers that grows without a box each. */
class NumberList {
  #numbers = new Int32Array(64);
  length = 0;

  push(value: number): void {
    if (this.length === this.#numbers.length) {
      const grown = new Int32Array(this.length * 2);
      grown.set(this.#numbers);
      this.#numbers = grown;
    }
    this.#numbers[this.length++] = value;
  }

  values(): Int32Array {
    return this.#numbers.subarray(0, this.length);
  }
}

class Samples {
  #values = new Float32Array(1_024);
  #length = 0;
  /** One of so many is kept. */
  #stride = 1;
  #skipped = 0;
  #count = 0;

  add(value: number): void {
    this.#count += 1;
    this.#skipped += 1;
    if (this.#skipped < this.#stride) return;
    this.#skipped = 0;
    if (this.#length === this.#values.length) this.#makeRoom();
    this.#values[this.#length++] = value;
  }

  spread(): Spread {
    return { ...spreadOf(this.#values.subarray(0, this.#length)), count: this.#count };
  }

  #makeRoom(): void {
    if (this.#length < samplesMax) {
      const grown = new Float32Array(this.#length * 2);
      grown.set(this.#values);
      this.#values = grown;
      return;
    }
    for (let index = 0; index < this.#length / 2; index++) this.#values[index] = this.#values[index * 2] ?? 0;
    this.#length /= 2;
    this.#stride *= 2;
  }
}
