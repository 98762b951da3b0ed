export { type PresenceConfig, presenceConfig } from "./config.ts";
export { type Presence, type PresencePorts, startPresence } from "./presence.ts";
