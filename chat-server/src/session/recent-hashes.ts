const sizeMin = 16;

/**
 * Which numbers came lately: the last `max` at least, at most twice as many, in tables of bare numbers. Two generations, of
 * which the older is dropped as a whole, since to forget them one by one costs as much as to add them.
 */
export class RecentHashes {
  private readonly max: number;
  private young: Int32Array | undefined;
  private old: Int32Array | undefined;
  private count = 0;

  constructor(max: number) {
    this.max = max;
  }

  /** `hash`: a whole number of 30 bits. */
  has(hash: number): boolean {
    return isIn(this.young, hash) || isIn(this.old, hash);
  }

  add(hash: number): void {
    this.young ??= new Int32Array(sizeMin);
    if (this.count * 2 >= this.young.length) this.young = widened(this.young);
    put(this.young, hash);
    this.count++;
    if (this.count < this.max) return;
    this.old = this.young;
    this.young = undefined;
    this.count = 0;
  }
}

/** Open addressing; 0 is an empty place, so that what is kept is one more. */
function put(table: Int32Array, hash: number): void {
  let place = hash & (table.length - 1);
  while (table[place] !== 0) place = (place + 1) & (table.length - 1);
  table[place] = hash + 1;
}

function isIn(table: Int32Array | undefined, hash: number): boolean {
  if (table === undefined) return false;
  let place = hash & (table.length - 1);
  while (table[place] !== 0) {
    if (table[place] === hash + 1) return true;
    place = (place + 1) & (table.length - 1);
  }
  return false;
}

function widened(table: Int32Array): Int32Array {
  const wider = new Int32Array(table.length * 4);
  for (const kept of table) if (kept !== 0) put(wider, kept - 1);
  return wider;
}
