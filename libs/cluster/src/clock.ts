/** Time as an argument: tests pass one that stands still until they move it. */
export interface Clock {
  /** Monotonic, ms: for leases and deadlines; never compared between processes. */
  monotonic(): number;
  /** ms since 1970: for what people read. */
  wall(): number;
  /** Calls back every so many ms until the returned function is called. Keeps no process alive. */
  every(ms: number, run: () => void): () => void;
}

export const systemClock: Clock = {
  monotonic: () => performance.now(),
  wall: () => Date.now(),
  every(ms, run) {
    const timer = setInterval(run, ms);
    timer.unref();
    return () => clearInterval(timer);
  },
};
