export type * from "./message-store.ts"; export { StoreError } from "./message-store.ts";
