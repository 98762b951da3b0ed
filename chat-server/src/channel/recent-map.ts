/**
 * The newest `max` entries; setting one beyond that forgets the oldest. Takes no room while empty: a server holds three
 * of these for each of thousands of channels, which rules out caches that lay out their tables ahead.
 */
export class RecentMap<Key, Value> {
  private readonly max: number;
  private readonly entries = new Map<Key, Value>();

  constructor(max: number) {
    this.max = max;
  }

  get(key: Key): Value | undefined {
    return this.entries.get(key);
  }

  has(key: Key): boolean {
    return this.entries.has(key);
  }

  /** Makes the entry the newest. */
  set(key: Key, value: Value): void {
    this.entries.delete(key);
    this.entries.set(key, value);
    if (this.entries.size <= this.max) return;
    for (const oldest of this.entries.keys()) {
      this.entries.delete(oldest);
      return;
    }
  }
}
