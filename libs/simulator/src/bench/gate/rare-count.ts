/**
 * A message: what comes less often is called by timers, more of it on a slow machine than on a fast one. It is no figure,
 * and must only not become one: beyond the maximum it is a line that nobody committed.
 */
export const rareCount = 0.05;
export const rareCountMax = 0.1;
