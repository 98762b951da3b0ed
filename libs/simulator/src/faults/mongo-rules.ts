import type { Random } from "../random.ts";

/** Which requests a rule hits. Greetings and the driver's own watching (`hello`) are never among them. */
export interface RequestChoice {
  /** Such as `insert`; default: any. */
  readonly command?: string;
  /** Of the matching ones since the rule was made, over all connections; default 1. */
  readonly nth?: number;
  /** How many from there on; default 1, or all where `forMs` or `chance` says otherwise. */
  readonly times?: number;
  /** The rule ends so long after it was made. */
  readonly forMs?: number;
  /** Each matching one with this probability, drawn from the seed. */
  readonly chance?: number;
}

/** What is done to a request that was hit. */
export type RequestFault =
  /** The request arrives, its reply is held; after so long (absent: at `release`) it goes on, or all is cut. */
  | { readonly kind: "hold"; readonly end: "release" | "cut"; readonly afterMs?: number }
  /** The request never arrives, and the connection is reset. */
  | { readonly kind: "cutBeforeRequest" }
  /** The request, and all behind it on its connection, comes so much later. */
  | { readonly kind: "slow"; readonly ms: number }
  /** It never arrives; the client hears that this server is not primary (10107). */
  | { readonly kind: "answer"; readonly error: "notPrimary" }
  /** The client hears of a write-concern timeout (64) at once; the request arrives so much later, over a connection of its own. */
  | { readonly kind: "answer"; readonly error: "writeConcernTimeout"; readonly forwardAfterMs?: number };

/** A fault that waits for its requests. */
export interface MongoRule {
  readonly id: number;
  readonly fault: RequestFault;
  readonly choice: RequestChoice;
  /** Requests that it did its work on: for a hold, those whose reply has come, so that the server has done them. */
  readonly hits: number;
  /** Replies that it holds now. */
  readonly holding: number;
  /** It will hit nothing any more. */
  readonly isOver: boolean;
  /** Lets go on what it holds now, or cuts it, as the rule says. */
  release(): void;
  /** It hits nothing any more; what it holds stays held until `release`. */
  cancel(): void;
}

/** Spoken by drivers to learn of a server, not by anybody's request. */
const greetings = new Set([
  "hello",
  "ismaster",
  "isMaster",
  "ping",
  "buildInfo",
  "saslStart",
  "saslContinue",
  "endSessions",
]);

export class Rule implements MongoRule {
  readonly id: number;
  readonly fault: RequestFault;
  readonly choice: RequestChoice;
  hits = 0;
  readonly #random: Random;
  readonly #madeAt = performance.now();
  readonly #held = new Set<() => void>();
  #seen = 0;
  #left: number;

  constructor(id: number, fault: RequestFault, choice: RequestChoice, random: Random) {
    this.id = id;
    this.fault = fault;
    this.choice = choice;
    this.#random = random;
    const isOpen = choice.forMs !== undefined || choice.chance !== undefined || fault.kind === "slow";
    this.#left = choice.times ?? (isOpen ? Number.POSITIVE_INFINITY : 1);
  }

  get holding(): number {
    return this.#held.size;
  }

  get isOver(): boolean {
    const { forMs } = this.choice;
    return this.#left <= 0 || (forMs !== undefined && performance.now() - this.#madeAt > forMs);
  }

  /** Whether it hits this request; counts it. */
  takes(command: string | undefined): boolean {
    const { command: wanted, nth = 1, chance } = this.choice;
    if (command === undefined || greetings.has(command) || this.isOver) return false;
    if (wanted !== undefined && wanted !== command) return false;
    this.#seen += 1;
    if (this.#seen < nth || (chance !== undefined && !this.#random.chance(chance))) return false;
    this.#left -= 1;
    return true;
  }

  hold(letGo: () => void): void {
    this.#held.add(letGo);
  }

  forget(letGo: () => void): void {
    this.#held.delete(letGo);
  }

  release(): void {
    for (const letGo of [...this.#held]) letGo();
  }

  cancel(): void {
    this.#left = 0;
  }
}
