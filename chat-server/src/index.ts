export { type ChatServer, type ChatServerPorts, startChatServer } from "./chat-server.ts";
export { type ChatServerConfig, chatServerConfig } from "./config.ts";
