import { runNodeCommand } from "./node-command.ts";

/** One process of a fleet: a gateway, a chat server, presence, or a gateway and a chat server joined. */
await runNodeCommand();
