/** One incarnation of a process: what it had scheduled dies with it, and waits while it stands still. */
export interface Incarnation {
  isDead: boolean;
  /** Its steps are put off until then, ms. */
  stalledUntil: number;
}

interface Entry {
  at: number;
  readonly order: number;
  readonly owner: Incarnation | undefined;
  readonly step: () => void;
}

/** Virtual time: steps run in order of their time, and in the order scheduled where that is the same. */
export class Timeline {
  /** ms. */
  now = 0;
  private readonly heap: Entry[] = [];
  private scheduled = 0;

  /** Steps of an owner are dropped once it is dead, and put off while it is stalled, in their order. */
  after(delayMs: number, step: () => void, owner?: Incarnation): void {
    this.push({ at: this.now + delayMs, order: this.scheduled++, owner, step });
  }

  /** Runs until `until`, or until `isDone` says so after a step. */
  run(until: number, isDone: () => boolean): void {
    for (;;) {
      const entry = this.heap[0];
      if (entry === undefined || entry.at > until) break;
      this.pop();
      this.now = entry.at;
      if (entry.owner?.isDead) continue;
      if (entry.owner !== undefined && entry.owner.stalledUntil > this.now) {
        entry.at = entry.owner.stalledUntil;
        this.push(entry);
        continue;
      }
      entry.step();
      if (isDone()) return;
    }
    this.now = Math.max(this.now, until);
  }

  private push(entry: Entry): void {
    const { heap } = this;
    let at = heap.length;
    heap.push(entry);
    while (at > 0) {
      const up = (at - 1) >> 1;
      const parent = heap[up];
      if (parent === undefined || !isBefore(entry, parent)) break;
      heap[at] = parent;
      at = up;
    }
    heap[at] = entry;
  }

  private pop(): void {
    const { heap } = this;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let down = at * 2 + 1;
      let child = heap[down];
      if (child === undefined) break;
      const right = heap[down + 1];
      if (right !== undefined && isBefore(right, child)) {
        down++;
        child = right;
      }
      if (!isBefore(child, last)) break;
      heap[at] = child;
      at = down;
    }
    heap[at] = last;
  }
}

function isBefore(one: Entry, other: Entry): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}
