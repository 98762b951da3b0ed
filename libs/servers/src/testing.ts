export { findFreePort, waitUntil } from "./ports.ts";
export { requireServer } from "./require-server.ts";
