import { Writable } from "node:stream";
import { createTelemetry, type Telemetry } from "./telemetry.ts";

export type LogLine = Readonly<Record<string, unknown>>;

/** Telemetry whose log lines a test can read; nothing is printed. */
export function createTestTelemetry(node = "test", role = "test"): Telemetry & { readonly lines: readonly LogLine[] } {
  const lines: LogLine[] = [];
  const destination = new Writable({
    write(chunk, _encoding, done) {
      lines.push(JSON.parse(String(chunk)));
      done();
    },
  });
  return { ...createTelemetry({ node, role, level: "debug", destination }), lines };
}
