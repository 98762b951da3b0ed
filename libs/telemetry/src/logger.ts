import { type DestinationStream, destination, type Logger, pino } from "pino";

export type LogLevel = "fatal" | "error" | "warn" | "info" | "debug" | "trace" | "silent";

/** A stream, "stderr" (the default; stdout belongs to whoever reads our output), "stdout", or a file to append to. */
export type LogDestination = DestinationStream | "stderr" | "stdout" | { readonly file: string };

export interface LoggerOptions {
  readonly node: string;
  readonly role: string;
  readonly level?: LogLevel;
  readonly destination?: LogDestination;
}

/** What must never reach a log, wherever a careless call puts it: bodies, tokens, keys. */
const secretFields = [
  "authorization",
  "bytes",
  "cookie",
  "data",
  "frame",
  "key",
  "password",
  "payload",
  "payloads",
  "secret",
  "text",
  "token",
];
const secretPaths = secretFields.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]);

/** JSON lines with the fixed fields `node` and `role`. A message is a fixed phrase; facts are fields. */
export function createLogger(options: LoggerOptions): Logger {
  const { node, role, level = "info", destination: target = "stderr" } = options;
  const redact = { paths: secretPaths, censor: "[redacted]" };
  return pino({ base: { pid: process.pid, node, role }, level, redact }, openStream(target));
}

/** Synchronous, so that the last line before an exit is not lost; `info` is never one a message. */
function openStream(target: LogDestination): DestinationStream {
  if (target === "stdout" || target === "stderr") return destination({ dest: target === "stdout" ? 1 : 2, sync: true });
  return "file" in target ? destination({ dest: target.file, append: true, mkdir: true, sync: true }) : target;
}
