export { BatchReader, lengthBytes } from "./batch-reader.ts";
export { CodecError } from "./codec-read.ts";
export * from "./link.ts";
export * from "./link-connector.ts";
export * from "./link-limits.ts";
export * from "./link-listener.ts";
export * from "./link-local.ts";
export * from "./link-tcp.ts";
