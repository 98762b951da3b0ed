export { createClient } from "./client.ts";
export { ClientError } from "./client-error.ts";
export {
  createKeyValueStorage,
  createMemoryStorage,
  type KeyValueStorage,
  type OutboxStorage,
  type StoredRequest,
} from "./outbox-storage.ts";
export type * from "./types.ts";
