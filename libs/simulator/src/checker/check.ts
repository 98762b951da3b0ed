import type { History } from "../history/history.ts";
import { checkAcked, checkContiguous, checkSent, checkUnique } from "./appends.ts";
import { createChannelLogs } from "./channel-log.ts";
import { createClocks } from "./clocks.ts";
import { checkDeliveries, checkHandled } from "./deliveries.ts";
import { checkOrder } from "./order.ts";
import { checkPresence } from "./presence.ts";
import { checkReads } from "./reads.ts";
import { checkRefusals } from "./refusals.ts";
import { checkBaselines, checkSettled } from "./rest.ts";
import { checkRights } from "./rights.ts";
import { termsOf } from "./terms.ts";
import { checkTokens } from "./tokens.ts";
import { createFindings, type Invariant, invariants, type Violation } from "./violation.ts";

export interface Verdict {
  /** The first ten of each invariant. */
  readonly violations: readonly Violation[];
  /** How many of each were found. */
  readonly counts: Readonly<Record<Invariant, number>>;
}

/**
 * Walks a whole history and says what in it breaks a promise. Time and memory grow with the length of the history.
 * What the history does not hold is not judged: a channel without final log is judged by C1 only.
 */
export function checkHistory(history: History): Verdict {
  const logs = createChannelLogs(history);
  const clocks = createClocks(history);
  const terms = termsOf(history);
  const findings = createFindings();
  checkAcked(history, logs, findings);
  checkUnique(history, logs, findings);
  checkContiguous(logs, findings);
  checkDeliveries(history, logs, findings);
  checkHandled(history, logs, findings);
  checkSent(history, logs, findings);
  checkOrder(history, logs, clocks, findings);
  checkReads(history, logs, findings);
  checkTokens(history, terms, findings);
  checkSettled(history, logs, terms, findings);
  checkBaselines(history, terms, findings);
  checkRefusals(history, logs, clocks, terms, findings);
  checkRights(history, logs, terms, findings);
  checkPresence(history, terms, findings);
  const counts = Object.fromEntries(invariants.map((invariant) => [invariant, findings.count(invariant)]));
  return { violations: findings.kept, counts: counts as Record<Invariant, number> };
}
