import { type LogEvent, StoreError } from "../message-store.ts";
import { encodeFrame } from "./frames.ts";
import type { JournalFile } from "./journal-file.ts";

export interface Written {
  readonly number: number;
  /** JSON text of each event, in the order given. */
  readonly values: readonly Buffer[];
}

interface Side {
  readonly file: JournalFile;
  /** Where the next frame goes. */
  end: number;
  /** Number of its newest frame; 0 for none. */
  last: number;
}

/**
 * What is durable and not yet in the tables, in two files. The next frame goes to the beginning of a file whose frames
 * the tables all have, if there is one: bytes that are there already need no new blocks and no new length, which made a
 * write a third faster here (0.13 instead of 0.2 ms), and no file is ever made or deleted while the store runs.
 *
 * **Order**: one write at a time, frames numbered without a gap. **Bounds**: the files grow to what comes between two
 * commits of the tables.
 */
export class Journal {
  #side: Side;
  #other: Side;
  #number: number;
  #drained: number;
  /** Where the rest of a write that failed lies. */
  #cut: { readonly side: Side; readonly at: number } | undefined;

  /** `last`: the highest number used so far, all of which the tables have; the files hold nothing that is needed. */
  constructor([first, second]: readonly [JournalFile, JournalFile], last: number) {
    this.#side = { file: first, end: 0, last: 0 };
    this.#other = { file: second, end: 0, last: 0 };
    this.#number = last;
    this.#drained = last;
  }

  /**
   * Writes the events as one frame: all of them are durable when it resolves. To be called when the call before has ended.
   * **Errors**: {@link StoreError}: `unknown` where the write failed, `unavailable` where one before failed whose rest
   * can't be cut off yet: what follows it must not be mixed up with it, nor it come back after a crash.
   */
  async write(events: readonly LogEvent[]): Promise<Written> {
    const number = this.#number + 1;
    const { bytes, values } = encodeFrame(number, events);
    try {
      await this.#cutOff();
    } catch (cause) {
      throw new StoreError("unavailable", `the journal ${this.#cut?.side.file.path} can't be mended`, { cause });
    }
    const side = this.#choose();
    try {
      await side.file.write(bytes, side.end);
    } catch (cause) {
      this.#cut = { side, at: side.end };
      // Tried at once, so that it is gone before somebody finds out; if not, the next write begins with it.
      await this.#cutOff().catch(() => undefined);
      throw new StoreError("unknown", `the journal ${side.file.path} could not be written`, { cause });
    }
    side.end += bytes.length;
    side.last = number;
    this.#number = number;
    return { number, values };
  }

  /** The tables have all frames up to this one, durably. */
  drainedTo(number: number): void {
    this.#drained = Math.max(this.#drained, number);
  }

  /** Empties the files. To be called when nothing is being written and the tables have everything. */
  async empty(): Promise<void> {
    for (const side of [this.#side, this.#other]) {
      await side.file.truncate(0);
      side.end = 0;
    }
    this.#cut = undefined;
  }

  async #cutOff(): Promise<void> {
    if (this.#cut === undefined) return;
    await this.#cut.side.file.truncate(this.#cut.at);
    this.#cut = undefined;
  }

  #choose(): Side {
    if (this.#side.last > this.#drained && this.#other.last <= this.#drained) {
      [this.#side, this.#other] = [this.#other, this.#side];
    }
    if (this.#side.last <= this.#drained) this.#side.end = 0;
    return this.#side;
  }
}
