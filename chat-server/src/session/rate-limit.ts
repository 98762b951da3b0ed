import type { RequestId } from "@parley/protocol";
import { smallHash } from "../channel/key-hash.ts";
import { RecentHashes } from "./recent-hashes.ts";

export interface RateLimits {
  /** Requests a second and user, over all devices. */
  readonly perSecond: number;
  /** Most requests at once after a quiet while. */
  readonly burst: number;
}

const rememberedMax = 256;

/**
 * Token bucket of one user. Exact without Redis, since one user has one home.
 * **Repeat**: retries of one id count once, as far back as the last 256 ids reach at least.
 */
export class RateLimit {
  private tokens: number;
  private at: number;
  private readonly limits: RateLimits;
  /** Ids that were counted, by hash. */
  private readonly counted = new RecentHashes(rememberedMax);

  constructor(limits: RateLimits, now: number) {
    this.limits = limits;
    this.tokens = limits.burst;
    this.at = now;
  }

  /** 0 where the request may pass, else after how many ms one may. */
  take(id: RequestId | undefined, now: number): number {
    // By hash: the ids themselves would be carried on by the garbage collector. One in millions passes for nothing.
    const hash = id === undefined ? 0 : smallHash(id);
    if (id !== undefined && this.counted.has(hash)) return 0;
    const { perSecond, burst } = this.limits;
    this.tokens = Math.min(burst, this.tokens + (Math.max(0, now - this.at) / 1_000) * perSecond);
    this.at = now;
    if (this.tokens < 1) return Math.max(1, Math.ceil(((1 - this.tokens) / perSecond) * 1_000));
    this.tokens--;
    if (id !== undefined) this.counted.add(hash);
    return 0;
  }
}
