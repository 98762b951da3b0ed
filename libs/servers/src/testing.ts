export { findFreePort, waitUntil } from "./ports.ts";
export { findQuietPort } from "./quiet-port.ts";
export { requireServer } from "./require-server.ts";
