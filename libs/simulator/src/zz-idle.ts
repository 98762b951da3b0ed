import { readFileSync } from "node:fs";
import { inspectable, openInspectors } from "./bench/inspectors.ts";
import { collect } from "./bench/limits/soak/collected.ts";
import { layouts } from "./bench/limits/layouts.ts";
const withInspector = process.argv[2] === "inspect";
const minutes = Number(process.argv[3]);
const system = await layouts[0]!.start(inspectable);
const p = system.processes.filter((x: any) => JSON.stringify(x).includes("presence") || JSON.stringify(x).includes("chat"));
console.log(system.processes.map((x: any) => JSON.stringify(x)).join("\n"));
const anon = (pid: number) => Number(/RssAnon:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))![1]);
const inspectors = withInspector ? await openInspectors(system, p.map(({ pid }) => pid)) : [];
const t0 = Date.now(); let n = 0;
while (Date.now() - t0 < minutes * 60_000) {
  await new Promise((r) => setTimeout(r, 30_000));
  const line = p.map(({ pid }) => anon(pid)).join(" ");
  let more = "";
  if (withInspector && ++n % 3 === 0) {
    for (const i of inspectors) { await collect(i); }
    more = JSON.stringify(await inspectors.at(-1)!.evaluate("JSON.stringify([process.memoryUsage(), process.getBuiltinModule('v8').getHeapStatistics()])"));
  }
  console.log(((Date.now() - t0) / 1000).toFixed(0), line, more);
}
for (const i of inspectors) i.close();
await system.stop();
process.exit(0);
