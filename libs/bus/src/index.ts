export { type Bus, BusError, type BusSubscription } from "./bus.ts";
export { createMemoryBus, type MemoryBus, type MemoryBusOptions } from "./bus-memory.ts";
