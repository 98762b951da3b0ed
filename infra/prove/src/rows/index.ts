import type { Row } from "../row.ts";
import { row as chatServerKilled } from "./01-chat-server-killed.ts";

/** In the order of the fault matrix. */
export const rows: readonly Row[] = [chatServerKilled];
