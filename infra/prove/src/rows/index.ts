import type { Row } from "../row.ts";
import { row as chatServerKilled } from "./01-chat-server-killed.ts";
import { row as redisFaults } from "./07-redis.ts";
import { row as pushes } from "./08-pushes.ts";
import { row as replyCut } from "./09-reply-cut.ts";
import { row as notMajority } from "./10-not-majority.ts";
import { row as storeSlow } from "./11-store-slow.ts";
import { row as linksCut } from "./17-links-cut.ts";

/** In the order of the fault matrix. */
export const rows: readonly Row[] = [chatServerKilled, redisFaults, pushes, replyCut, notMajority, storeSlow, linksCut];
