import type { AppendOutcome, LogEvent } from "../message-store.ts";
import { claimedMax, insertClaimed, insertRunWithClaims } from "./append.ts";
import type { Collections } from "./collections.ts";

interface WaitingRun {
  readonly events: readonly LogEvent[];
  readonly resolve: (outcome: AppendOutcome | Promise<AppendOutcome>) => void;
  readonly reject: (error: unknown) => void;
}

/** What one server writes one after the other anyway gains nothing by more, and what waits is joined by more. */
const commandsMax = 2;

/**
 * Runs of many channels in one ordered insert with claims: what comes in one turn of the event loop, and what comes
 * while {@link commandsMax} commands are under way. One that the server refuses ends the command there: those before it
 * are in, those behind it were not tried and go with the next. For a server that writes one command at a time
 * (FerretDB), where a command costs more than its documents; a sharded cluster would take an ordered insert of many
 * shards one shard after the other.
 *
 * **Bounds**: what waits is bounded by who asks (the chat server's admission). **Errors**: as insertRun, of one command
 * to each whose run was in it.
 */
export class JoinedAppends {
  readonly #collections: Collections;
  #waiting: WaitingRun[] = [];
  #underWay = 0;
  #isStarting = false;

  constructor(collections: Collections) {
    this.#collections = collections;
  }

  /** As {@link insertRunWithClaims}. */
  append(events: readonly LogEvent[]): Promise<AppendOutcome> {
    if (events.length > claimedMax) return insertRunWithClaims(this.#collections, events);
    const { promise, resolve, reject } = Promise.withResolvers<AppendOutcome>();
    this.#waiting.push({ events, resolve, reject });
    this.#startSoon();
    return promise;
  }

  #startSoon(): void {
    if (this.#isStarting || this.#underWay >= commandsMax || this.#waiting.length === 0) return;
    this.#isStarting = true;
    setImmediate(() => {
      this.#isStarting = false;
      while (this.#underWay < commandsMax && this.#waiting.length > 0) void this.#insert(this.#take());
    });
  }

  #take(): readonly WaitingRun[] {
    let [runs, events] = [0, 0];
    for (const run of this.#waiting) {
      if (events + run.events.length > claimedMax) break;
      events += run.events.length;
      runs += 1;
    }
    return this.#waiting.splice(0, runs);
  }

  async #insert(runs: readonly WaitingRun[]): Promise<void> {
    this.#underWay += 1;
    try {
      const stop = await insertClaimed(
        this.#collections,
        runs.flatMap(({ events }) => events),
      );
      let from = 0;
      for (const [at, run] of runs.entries()) {
        const done = (stop?.at ?? Number.POSITIVE_INFINITY) - from;
        from += run.events.length;
        if (done >= run.events.length) {
          run.resolve({ kind: "appended" });
          continue;
        }
        run.resolve(
          stop?.isClaim === true
            ? insertRunWithClaims(this.#collections, run.events, done)
            : { kind: "refused", at: done },
        );
        this.#waiting.unshift(...runs.slice(at + 1));
        break;
      }
    } catch (error) {
      for (const run of runs) run.reject(error);
    } finally {
      this.#underWay -= 1;
      this.#startSoon();
    }
  }
}
