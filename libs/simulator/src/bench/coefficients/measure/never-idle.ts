/**
 * Loaded before everything else in each process that is measured (see busy-fleet.ts): no process ever seems to have grown,
 * so none collects all its garbage because it is idle. At the moderate rates of this measurement they would, and one such
 * collection is a fifth of a second of CPU in one window and none in the next; a process that is used as it is planned to
 * be is never idle. **Source**: ADR 12; infra/run/src/idle-memory.ts, which asks this function and is its only caller.
 */
process.memoryUsage.rss = () => 0;
