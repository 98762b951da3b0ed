import { startGenerator } from "./generator/start-generator.ts";
import { systemKinds } from "./systems.ts";

const [name, sizes = "10", mode = "closed", n = "250", w = "5"] = process.argv.slice(2);
const kind = systemKinds.find((one) => one.name === name);
if (kind === undefined) throw new Error("which?");
const roomSizes = sizes.split(",").map(Number);
const system = await kind.start(console.error);
const gen = startGenerator();
try {
  const members = Number(process.env["MEMBERS"] ?? 1000);
  console.error(
    await gen.open({
      protocol: system.protocol,
      urls: system.urls,
      members,
      tokens: Array.from({ length: members }, (_, i) => system.tokenOf(`u${i}`)),
      roomSizes,
      openingMax: 40,
    }),
  );
  for (const roomSize of roomSizes)
    for (const value of n.split(",").map(Number)) {
      const f = await gen.phase({
        roomSize,
        pace: mode === "closed" ? { kind: "closed", inFlight: value } : { kind: "open", perS: value },
        warmS: 3,
        windowS: Number(w),
        seed: 1,
        pids: system.processes.map(({ pid }) => pid),
      });
      const perK = (use: string) =>
        (system.processes.reduce((sum, p, i) => sum + (p.use === use ? (f.processes[i]?.cpuS ?? 0) : 0), 0) * 1e6) /
        f.deliveries;
      console.log(
        JSON.stringify({
          name,
          roomSize,
          mode,
          value,
          deliveriesPerS: Math.round(f.deliveries / f.seconds),
          sendsPerS: Math.round(f.acked / f.seconds),
          server: perK("server").toFixed(1),
          pool: (
            (system.processes.reduce((sum, p, i) => sum + (p.isStoreWithin ? (f.processes[i]?.poolCpuS ?? 0) : 0), 0) *
              1e6) /
            f.deliveries
          ).toFixed(1),
          redis: perK("redis").toFixed(2),
          store: perK("store").toFixed(1),
          busy: f.busy.toFixed(2),
          ack: [f.ackMs.p50.toFixed(1), f.ackMs.p99.toFixed(1)],
          e2e: [f.endToEndMs.p50.toFixed(1), f.endToEndMs.p99.toFixed(1)],
          refused: f.refused,
          lost: f.lost,
          doubled: f.doubled,
          reordered: ((100 * f.reordered) / Math.max(1, f.pairs)).toFixed(2) + "%",
          unsettled: f.unsettled,
          closed: f.socketsClosed,
          cpu: system.processes
            .map((p, i) => `${p.role}:${((100 * (f.processes[i]?.cpuS ?? 0)) / f.seconds).toFixed(0)}`)
            .join(" "),
          rss: system.processes.map((_, i) => ((f.processes[i]?.residentBytes ?? 0) / 1048576).toFixed(0)).join(" "),
        }),
      );
    }
} finally {
  await gen.end();
  await system.stop();
}
