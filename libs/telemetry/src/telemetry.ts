import type { Logger } from "pino";
import { collectDefaultMetrics, Registry } from "prom-client";
import { createLoadSampler, type LoadSample } from "./load.ts";
import { createLogger, type LoggerOptions } from "./logger.ts";
import { createMetrics, type Metrics } from "./metrics.ts";

export interface TelemetryOptions extends LoggerOptions {
  /** Nodes of one process share one registry; by default each telemetry has its own. */
  readonly registry?: Registry;
}

export interface Telemetry {
  readonly node: string;
  readonly role: string;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly registry: Registry;
  /** The node's load since the last call; also sets the gauges. For the heartbeat: one caller a node. */
  load(sessions: number): LoadSample;
  /** **Repeat**: a second call does nothing. */
  close(): void;
}

/** Logger, metrics and load of one node. */
export function createTelemetry(options: TelemetryOptions): Telemetry {
  const registry = options.registry ?? new Registry();
  const metrics = createMetrics(registry, options.node);
  const sampler = createLoadSampler();
  return {
    node: options.node,
    role: options.role,
    logger: createLogger(options),
    metrics,
    registry,
    load(sessions) {
      const sample = sampler.sample(sessions);
      metrics.eventLoopDelay.set(sample.eventLoopDelayMs / 1_000);
      metrics.cpu.set(sample.cpu);
      return sample;
    },
    close: () => sampler.close(),
  };
}

/** The registry of one process, with Node's own metrics (memory, garbage collection, handles) in it. */
export function createProcessRegistry(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return registry;
}
