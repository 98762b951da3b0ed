/** Where in the life of an append a chat server ends itself. */
export type CrashPoint =
  /** The store was asked to append and knows nothing of it yet. */
  | "before-insert"
  /** The store has it durably; nobody else knows. */
  | "after-insert"
  /** The sender has its ack; no other server has heard of the event. */
  | "before-publish";

export const crashPoints: readonly CrashPoint[] = ["before-insert", "after-insert", "before-publish"];

/** What a test tells a process of its fleet, over the IPC channel. */
export type FaultMessage =
  /** SIGKILL to itself at this point of the append number `nth` from now (1 is the next). */
  | { readonly fault: "crash"; readonly point: CrashPoint; readonly nth: number }
  /** The event loop does nothing for so long. */
  | { readonly fault: "stall"; readonly ms: number }
  /** The wall clock goes wrong by so much from now on; 0 sets it right. */
  | { readonly fault: "clock"; readonly offsetMs: number }
  /** Fills its heap by so much a second, for good. */
  | { readonly fault: "hoard"; readonly bytesPerS: number }
  /** Asks for an {@link Inspection}. */
  | { readonly fault: "inspect"; readonly question: number };

/** What a process holds. */
export interface Inspection {
  readonly report: "inspection";
  readonly question: number;
  /** Open handles by kind, as Node names them (`TCPSocketWrap`, `Timeout`, …). */
  readonly resources: Readonly<Record<string, number>>;
  /** After a collection. */
  readonly heapUsedBytes: number;
  readonly rssBytes: number;
}

/** One line of the file that {@link troubleFileVariable} names: what a process must never meet. */
export interface Trouble {
  readonly node: string;
  readonly pid: number;
  readonly kind: "uncaughtException" | "unhandledRejection" | "warning";
  readonly text: string;
}

/** Milliseconds that the wall clock of the process is wrong by from its start. */
export const clockVariable = "PARLEY_FAULT_CLOCK_OFFSET_MS";
export const troubleFileVariable = "PARLEY_FAULT_TROUBLE_FILE";

export function isFaultMessage(message: unknown): message is FaultMessage {
  return typeof message === "object" && message !== null && "fault" in message;
}

export function isInspection(message: unknown): message is Inspection {
  return typeof message === "object" && message !== null && "report" in message && message.report === "inspection";
}
