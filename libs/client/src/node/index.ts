export { createFileStorage } from "./outbox-storage-file.ts";
