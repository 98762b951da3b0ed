import { letHerdFall } from "../means/herd-falls.ts";
import type { ClusterRow } from "../row.ts";

const parts = [
  { name: "three in four of the 2,000", share: 0.75 },
  { name: "all of the 2,000", share: 1 },
];

export const row: ClusterRow = {
  number: 15,
  topology: "cluster",
  title: "reconnect herd: 2,000 sockets at once",
  how:
    "Two thousand people are connected to one gateway, beside those who write, when it is killed. All come back at " +
    "once to the other one and, as soon as it is up again, to the one that fell; handshakes are let in by rate, so " +
    "that those who are connected do not suffer for those who come.",
  load: { users: 40, actionsPerS: 40 },
  run: (arena) => letHerdFall(arena, 2_000, parts, 90_000),
};
