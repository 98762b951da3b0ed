export { Chat, type ChatOptions } from "./chat.ts";
export { ChatState } from "./chat-state.ts";
export { Conversation } from "./conversation.ts";
