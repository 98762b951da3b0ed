import { fileURLToPath } from "node:url";

export * from "./fault-message.ts";
/** The module that each process of a fleet runs when faults are wanted in it. */
export const faultNodeModule: string = fileURLToPath(new URL("./fault-node.ts", import.meta.url));
