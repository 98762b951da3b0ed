import type { RequestId, UserId } from "@parley/protocol";

/**
 * 52 bits of what {@link requestKey} says, as a whole number: for tables that may be wrong about an id once in a very
 * long while, and ask somebody who knows before that could hurt. Not keyed and no secret: whoever makes two ids of their
 * own that meet only has their own requests looked up once more.
 * **Source**: two lanes of multiply and xor, mixed at the end as by MurmurHash3's finalizer.
 */
export function keyHash(sender: UserId, id: RequestId): number {
  let high = 0x9747b28c;
  let low = 0x1b873593;
  for (let at = 0; at < sender.length; at++) {
    const unit = sender.charCodeAt(at);
    high = Math.imul(high ^ unit, 0x85ebca6b);
    low = Math.imul(low ^ unit, 0xc2b2ae35);
  }
  // Between the two, so that ("a", "bc") is not ("ab", "c").
  high = Math.imul(high ^ 0x10001, 0x85ebca6b);
  low = Math.imul(low ^ 0x10001, 0xc2b2ae35);
  for (let at = 0; at < id.length; at++) {
    const unit = id.charCodeAt(at);
    high = Math.imul(high ^ unit, 0x85ebca6b);
    low = Math.imul(low ^ unit, 0xc2b2ae35);
  }
  return (mix(high ^ (low >>> 15)) >>> 12) * 2 ** 32 + (mix(low ^ (high >>> 13)) >>> 0);
}

/** 30 bits of a text, which is what a set holds without making anything for it. */
export function smallHash(text: string): number {
  let hash = 0x1b873593;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x85ebca6b);
  return mix(hash) >>> 2;
}

function mix(lane: number): number {
  const once = Math.imul(lane ^ (lane >>> 16), 0x85ebca6b);
  const twice = Math.imul(once ^ (once >>> 13), 0xc2b2ae35);
  return twice ^ (twice >>> 16);
}
