import type { Row } from "../row.ts";
import { row as chatServerKilled } from "./01-chat-server-killed.ts";
import { row as gatewayKilled } from "./02-gateway-killed.ts";
import { row as homeStopped } from "./03-home-stopped.ts";
import { row as eventLoopStalls } from "./04-event-loop-stalls.ts";
import { row as rollingRestart } from "./05-rolling-restart.ts";
import { row as ringFlaps } from "./06-ring-flaps.ts";
import { row as redisFaults } from "./07-redis.ts";
import { row as pushes } from "./08-pushes.ts";
import { row as replyCut } from "./09-reply-cut.ts";
import { row as notMajority } from "./10-not-majority.ts";
import { row as storeSlow } from "./11-store-slow.ts";
import { row as diskFull } from "./12-disk-full.ts";
import { row as clocksWrong } from "./13-clocks-wrong.ts";
import { row as clientsSlow } from "./14-clients-slow.ts";
import { row as reconnectHerd } from "./15-reconnect-herd.ts";
import { row as poison } from "./16-poison.ts";
import { row as linksCut } from "./17-links-cut.ts";
import { row as usedUp } from "./18-used-up.ts";
import { row as retryStorm } from "./19-retry-storm.ts";
import { row as memberRemoved } from "./20-member-removed.ts";

/** In the order of the fault matrix. */
export const rows: readonly Row[] = [
  chatServerKilled,
  gatewayKilled,
  homeStopped,
  eventLoopStalls,
  rollingRestart,
  ringFlaps,
  redisFaults,
  pushes,
  replyCut,
  notMajority,
  storeSlow,
  diskFull,
  clocksWrong,
  clientsSlow,
  reconnectHerd,
  poison,
  linksCut,
  usedUp,
  retryStorm,
  memberRemoved,
];
