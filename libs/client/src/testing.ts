export { ScriptedChannel } from "./scripted-channel.ts";
export { type Script, ScriptedServer, type ScriptedSession, type Turn } from "./scripted-server.ts";
export { createFastClock, createRandom, ManualClock } from "./testing-clock.ts";
