export interface LeaseTimes {
  /** A node says so often that it lives, ms. */
  readonly heartbeatMs: number;
  /** A node that was silent for so long is taken for dead, ms; at least twice the heartbeat. */
  readonly leaseMs: number;
}

/**
 * After the registry was away, or was seen empty, nobody is dropped for so long: one lease, and no less than the others
 * may need to connect anew (they try about once a second).
 */
export function settleMs({ leaseMs }: LeaseTimes): number {
  return Math.max(leaseMs, 2_500);
}

export const leaseTimes: LeaseTimes = { heartbeatMs: 1_000, leaseMs: 3_000 };
