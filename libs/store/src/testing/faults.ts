import type { ChannelId } from "@parley/protocol";
import type { LogEvent } from "../message-store.ts";

/** What a store is about to do, shown to the fault hook. */
export interface StoreOperation {
  readonly name:
    | "append"
    | "readAfter"
    | "readBefore"
    | "readAt"
    | "findByRequest"
    | "head"
    | "heads"
    | "findGrown"
    | "findAboveHole"
    | "applyEffects"
    | "readSummaries"
    | "advanceSummaries"
    | "readUser"
    | "markIn"
    | "markOut"
    | "advanceReads"
    | "ping";
  readonly isWrite: boolean;
  readonly channel?: ChannelId;
  /** Of an append. */
  readonly events?: readonly LogEvent[];
}

/**
 * What a fault hook may answer.
 * - `delay`: waits for `until`, then goes on as if nothing was.
 * - `hold`: does it now, and answers only after `until`.
 * - `refuse`: throws `unavailable`; surely not done.
 * - `unknown`: throws `unknown` at once. `apply` says what really happens: all of it, nothing, or only the first so
 *   many slots of a run (any other write counts as all or nothing); with `at`, it happens only then: a late write.
 */
export type StoreFault =
  | { readonly kind: "delay"; readonly until: Promise<unknown> }
  | { readonly kind: "hold"; readonly until: Promise<unknown> }
  | { readonly kind: "refuse" }
  | { readonly kind: "unknown"; readonly apply: "all" | "none" | number; readonly at?: Promise<unknown> };

/** Asked before every operation; undefined means no fault. */
export type StoreFaultHook = (operation: StoreOperation) => StoreFault | undefined;
