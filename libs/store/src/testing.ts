export { type MemoryStoreOptions, openMemoryStore } from "./message-store-memory.ts";
export { eraseBody, foldEffect, type OriginRecord, toStored } from "./origin.ts";
export type { ChildOpen, StoreContractOptions, StoreData } from "./testing/contract/subject.ts";
export { messageStoreContract } from "./testing/contract/suite.ts";
export type { StoreFault, StoreFaultHook, StoreOperation } from "./testing/faults.ts";
export { MemoryLog } from "./testing/memory-log.ts";
