import type { MessageStore } from "../../message-store.ts";
import { openLmdbStore } from "../../message-store-lmdb.ts";
import { openMongoStore } from "../../message-store-mongodb.ts";
import type { ChildOpen } from "../contract/subject.ts";

/** Opens what the parent named on the command line. */
export function openFromArguments(): Promise<MessageStore> {
  const options: ChildOpen = JSON.parse(process.argv[2] ?? "");
  return options.kind === "lmdb" ? openLmdbStore(options) : openMongoStore(options);
}
