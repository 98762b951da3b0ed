/** That somebody asked a node to drain: told once to each who listens, also to those who listen only later. */
export interface DrainWish {
  /** **Repeat**: does nothing. */
  ask(): void;
  onAsked(listener: () => void): () => void;
}

export function createDrainWish(): DrainWish {
  const listeners = new Set<() => void>();
  let isAsked = false;
  return {
    ask() {
      if (isAsked) return;
      isAsked = true;
      for (const listener of [...listeners]) listener();
      listeners.clear();
    },
    onAsked(listener) {
      if (isAsked) listener();
      else listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
