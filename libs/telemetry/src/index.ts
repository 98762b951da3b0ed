export type { Logger } from "pino";
export type { LoadSample } from "./load.ts";
export type { LogDestination, LogLevel } from "./logger.ts";
export { type Management, type ManagementOptions, startManagement } from "./management.ts";
export type { Metrics } from "./metrics.ts";
export { createProcessRegistry, createTelemetry, type Telemetry, type TelemetryOptions } from "./telemetry.ts";
