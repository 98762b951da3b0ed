export interface LeaseTimes {
  /** A node says so often that it lives, ms. */
  readonly heartbeatMs: number;
  /** A node that was silent for so long is taken for dead, ms; at least twice the heartbeat. */
  readonly leaseMs: number;
}

export const leaseTimes: LeaseTimes = { heartbeatMs: 1_000, leaseMs: 3_000 };
