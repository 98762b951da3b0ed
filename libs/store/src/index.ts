export type * from "./message-store.ts";
export { StoreError } from "./message-store.ts";
export { type LmdbStoreOptions, openLmdbStore } from "./message-store-lmdb.ts";
export { type MongoStoreOptions, openMongoStore } from "./message-store-mongodb.ts";
export { openRemoteStore, type RemoteStoreOptions } from "./message-store-remote.ts";
export { type StoreServer, serveStore } from "./remote/serve-store.ts";
