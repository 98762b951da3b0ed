/**
 * The newest entries: at least `max` of them once there are so many, at most twice as many. Kept as two generations, of
 * which the older is dropped as a whole: forgetting entries one by one costs as much as setting them. Takes no room while
 * empty: a server holds three of these for each of thousands of channels, which rules out caches that lay out their
 * tables ahead.
 */
export class RecentMap<Key, Value> {
  private readonly max: number;
  private young: Map<Key, Value> | undefined;
  private old: Map<Key, Value> | undefined;

  constructor(max: number) {
    this.max = max;
  }

  get isEmpty(): boolean {
    return this.young === undefined && this.old === undefined;
  }

  get(key: Key): Value | undefined {
    return this.young?.get(key) ?? this.old?.get(key);
  }

  has(key: Key): boolean {
    return this.young?.has(key) === true || this.old?.has(key) === true;
  }

  /** Makes the entry the newest. */
  set(key: Key, value: Value): void {
    this.young ??= new Map();
    this.young.set(key, value);
    if (this.young.size < this.max) return;
    this.old = this.young;
    this.young = undefined;
  }
}
