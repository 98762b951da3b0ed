import type { MessageStore } from "../../message-store.ts";
import { openLmdbStore } from "../../message-store-lmdb.ts";
import { openMongoStore } from "../../message-store-mongodb.ts";
import { openRemoteStore } from "../../message-store-remote.ts";
import type { ChildOpen } from "../contract/subject.ts";

/** Opens what the parent named on the command line. */
export function openFromArguments(): Promise<MessageStore> {
  const options: ChildOpen = JSON.parse(process.argv[2] ?? "");
  switch (options.kind) {
    case "lmdb":
      return openLmdbStore(options);
    case "remote":
      return openRemoteStore(options);
    case "mongodb":
      return openMongoStore(options);
    default:
      return options satisfies never;
  }
}
