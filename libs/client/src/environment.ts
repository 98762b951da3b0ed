import type { Clock } from "./types.ts";

/** Time as the platform has it. */
export const systemClock: Clock = {
  now: () => Date.now(),
  setTimeout: (run, delayMs) => setTimeout(run, delayMs),
  clearTimeout: (timer) => clearTimeout(timer as Parameters<typeof clearTimeout>[0]),
};

/**
 * The same clock, which does not go back when a device's is set right: what waits until a moment would wait longer by as
 * much. Forward it goes with the device's, by which a sleep is noticed.
 */
export function neverBack(clock: Clock): Clock {
  let added = 0;
  let last = Number.NEGATIVE_INFINITY;
  return {
    now() {
      const shown = clock.now() + added;
      if (shown < last) added += last - shown;
      last = Math.max(last, shown);
      return last;
    },
    setTimeout: (run, delayMs) => clock.setTimeout(run, delayMs),
    clearTimeout: (timer) => clock.clearTimeout(timer),
  };
}

/** Uniform in [0, 1) from the platform's cryptographic source: ids of different devices must never meet. */
export function systemRandom(): number {
  const [word = 0] = crypto.getRandomValues(new Uint32Array(1));
  return word / 2 ** 32;
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
const randomCharacters = 16;

/**
 * Makes request ids: 16 random characters (96 bits) drawn once a client, then a counter. The random part keeps the ids
 * of two devices, and of two runs of one device, apart without anything to remember.
 */
export function createIdSource(random: () => number): () => string {
  let stem = "";
  for (let at = 0; at < randomCharacters; at += 1) stem += alphabet[Math.floor(random() * alphabet.length)] ?? "A";
  let count = 0;
  return () => {
    count += 1;
    return `${stem}-${count.toString(36)}`;
  };
}

/** Calls `run` when a browser says that its network is back; Node has no such event. Returns what ends it. */
export function onNetworkBack(run: () => void): () => void {
  const target: { addEventListener?: unknown } = globalThis;
  if (typeof target.addEventListener !== "function") return () => {};
  globalThis.addEventListener("online", run);
  return () => globalThis.removeEventListener("online", run);
}
