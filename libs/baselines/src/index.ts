export * from "./chat-events.ts";
export * from "./chat-server.ts";
export * from "./fleet.ts";
