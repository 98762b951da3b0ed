/** The loads that we see are at most so old: a beat of the chat server's, and one of ours, and the way, ms. */
const windowMs = 1_500;

/**
 * What this gateway has placed where of late: a chat server's load is up to two heartbeats old, and a herd that came since
 * must not all see the same empty server. Counts the last 1.5 to 3 s, so that something may be counted twice, here and in
 * the load, for a moment; that makes all servers look fuller alike.
 */
export class RecentPlacements {
  readonly #now: () => number;
  #window = 0;
  #current = new Map<string, number>();
  #previous = new Map<string, number>();

  /** `now`: monotonic, ms. */
  constructor(now: () => number) {
    this.#now = now;
  }

  note(node: string): void {
    this.#turn();
    this.#current.set(node, (this.#current.get(node) ?? 0) + 1);
  }

  countOf(node: string): number {
    this.#turn();
    return (this.#current.get(node) ?? 0) + (this.#previous.get(node) ?? 0);
  }

  #turn(): void {
    const window = Math.floor(this.#now() / windowMs);
    if (window === this.#window) return;
    this.#previous = window === this.#window + 1 ? this.#current : new Map();
    this.#current = new Map();
    this.#window = window;
  }
}
