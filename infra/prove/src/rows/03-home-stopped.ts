import { requireSocketsStay } from "../means/sockets-stay.ts";
import type { ClusterRow } from "../row.ts";

const stoppedMs = 15_000;

export const row: ClusterRow = {
  number: 3,
  topology: "cluster",
  title: "chat server stopped for 15 s, then goes on as a zombie",
  how:
    "A chat server that is home to many channels is stopped by SIGSTOP for 15 s, five times longer than its lease: its " +
    "sockets stay open and nobody answers. Others take over. Then SIGCONT: it goes on in the middle of what it did, " +
    "believing that it still is what it was. No client may lose its socket by it.",
  async run(arena) {
    const { fleet, random, inject, pause } = arena;
    requireSocketsStay(arena);
    await pause(2_500);
    const node = random.pick(fleet.chatServers);
    const fault = inject(`${node.name} stopped`);
    node.signal("SIGSTOP");
    try {
      await pause(stoppedMs);
    } finally {
      node.signal("SIGCONT");
    }
    fault.end(`${node.name} goes on`);
    await pause(4_000);
  },
};
