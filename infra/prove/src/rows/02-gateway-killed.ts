import { letHerdFall } from "../means/herd-falls.ts";
import type { ClusterRow } from "../row.ts";

export const row: ClusterRow = {
  number: 2,
  topology: "cluster",
  title: "gateway killed with 500 sockets",
  how:
    "Five hundred people more are connected, all to one gateway, beside those who write. The gateway is killed by " +
    "SIGKILL: all its sockets end at once, and everybody comes back through the other one.",
  load: { users: 50, actionsPerS: 60 },
  run: (arena) => letHerdFall(arena, 500, [{ name: "all of the 500", share: 1 }], 45_000),
};
