const leastCount = 8;
const firstCount = 32;
const mostCount = 250;
/** A store that writes one thing after the other holds up the messages of that moment for so long. */
const longMs = 30;

/** How many updates to write at once, so that they take the store some tens of milliseconds, whichever store it is. */
export class PortionSize {
  private size = firstCount;

  /** 8 to 250. */
  get count(): number {
    return this.size;
  }

  /** So many took so long. */
  learn(count: number, tookMs: number): void {
    if (tookMs > longMs) this.size = Math.max(leastCount, Math.floor(this.size / 2));
    else if (count >= this.size && tookMs < longMs / 4) this.size = Math.min(mostCount, this.size * 2);
  }
}
