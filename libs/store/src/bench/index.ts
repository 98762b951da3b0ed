export { runAppendBench } from "./append-batches.ts";
export { type HistoryBenchOptions, type HistoryBenchResult, runHistoryBench } from "./history-range.ts";
