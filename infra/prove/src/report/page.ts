import { noticeableMs, recoveryDefinition } from "../run/recovery.ts";
import { countOf, type RunResult } from "../run/result.ts";
import { drawTimeline, numberedMarks } from "./chart.ts";
import { escaped, number, seconds, table } from "./html.ts";
import { promises } from "./promises.ts";
import type { Proof, ProvenRow } from "./proof.ts";
import { style } from "./style.ts";

/** A page that asks nobody for anything: style and pictures are inside. */
export function renderPage(proof: Proof): string {
  const runs = proof.rows.flatMap((row) => row.runs);
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Parley: any one process may die</title><style>${style}</style></head><body><main>
${opening(proof, runs)}
${promised(runs)}
${method()}
${matrix(proof.rows)}
<h2>Row by row</h2>
${proof.rows.map(rowSection).join("\n")}
${footer(proof)}
</main></body></html>
`;
}

function opening({ rows, tookMs, since }: Proof, runs: readonly RunResult[]): string {
  const sum = (pick: (run: RunResult) => number): number => runs.reduce((total, run) => total + pick(run), 0);
  const violations = sum(countOf);
  const broken = runs.filter(({ outcome }) => outcome === "broken").length;
  const sums: readonly [string, string, string][] = [
    [number(rows.length), "kinds of faults", ""],
    [number(runs.length), "runs, each with a seed of its own", ""],
    [number(sum(({ load }) => load?.acked ?? 0)), "requests acknowledged", ""],
    [number(sum(({ load }) => load?.delivered ?? 0)), "events delivered to sockets", ""],
    [number(sum(({ endings }) => endings.length)), "processes ended", ""],
    [number(violations), "violations found", violations === 0 ? "good" : "bad"],
  ];
  return `<h1>Any one process may die</h1>
<p class="lead">Parley promises that what it acknowledged is never lost, never doubled and never out of order, whatever falls
over. This page shows what was done to a real system to break that promise, and what came of it.</p>
<div class="sums">${sums.map(([value, name, tone]) => `<div><b class="${tone}">${value}</b><span>${name}</span></div>`).join("")}</div>
${broken === 0 ? "" : `<p class="warn">${broken} runs could not be finished by the harness; they prove nothing either way.</p>`}
<p>${since === undefined ? `All of it took ${number(tookMs / 60_000)} minutes on one machine` : "All of it was made on one machine, in several sittings with the very same sources"}, and any line of it can be repeated with one command.</p>`;
}

function promised(runs: readonly RunResult[]): string {
  const found = (name: string): number => runs.reduce((sum, { violations }) => sum + (violations[name] ?? 0), 0);
  const rows = promises.map(({ name, promise }) => [
    `<b>${name}</b>`,
    escaped(promise),
    `<span class="${found(name) === 0 ? "good" : "bad"}">${number(found(name))}</span>`,
  ]);
  return `<h2>What is promised</h2>${table([{ title: "" }, { title: "promise" }, { title: "broken", isNumber: true }], rows)}`;
}

function method(): string {
  return `<h2>How it was checked</h2>
<p>Every run starts a system of its own, as <code>npm run cluster</code> does: Redis, a MongoDB-wire server, two gateways, three
chat servers and presence, each a process, each started again by a supervisor when it dies. All connections between them, and those
of the clients, go through proxies that can delay, cut, hold or swallow what passes.</p>
<p>Simulated people live on it through the client SDK: they send, edit, delete, react, invite, remove, scroll back, lose their
connection and come back. What goes over their sockets is written down, on one clock. Meanwhile the fault is made; the load goes
on for some seconds after it; then all come to rest, and the log of every channel is read through the public wire, as a new
device would.</p>
<p>The history is judged by <b>two checkers that were written apart</b>, one in TypeScript and one in Python, which must come to the
same verdict. They are tested themselves: servers that break one promise on purpose must be caught by name, and they are.</p>
<p>What this does not prove: it is one machine and one kernel, so no real network and no real clock skew between machines; the
store was not a replica set of three (unless the table of the machine says so); and finding nothing in so many runs is evidence,
not a proof. The same design is searched further by a deterministic simulation (<code>npm run simulate:deterministic</code>).</p>
<p><b>How times are measured.</b> ${escaped(recoveryDefinition)} The worst ack is the longest of these times in the whole run.
${number(noticeableMs)} ms is also what a person begins to notice. "Harness late" is by how much the program that plays the people
and carries all connections was late itself (99th percentile of its event loop): all of it shares the machine with what it tests.</p>`;
}

function matrix(rows: readonly ProvenRow[]): string {
  const cells = rows.map(({ number: row, title, runs }) => [
    `<a href="#row-${row}">${row}</a>`,
    escaped(title),
    runs.map(verdict).join(" "),
    number(runs.reduce((sum, { load }) => sum + (load?.acked ?? 0), 0)),
    number(runs.reduce((sum, { load }) => sum + (load?.delivered ?? 0), 0)),
    number(runs.reduce((sum, run) => sum + countOf(run), 0)),
    spread(runs.flatMap(({ load }) => load?.recoveryMs ?? [])),
  ]);
  const columns = [
    { title: "" },
    { title: "fault", isWide: true },
    { title: "runs" },
    { title: "acked", isNumber: true },
    { title: "delivered", isNumber: true },
    { title: "violations", isNumber: true },
    { title: "recovery", isNumber: true },
  ];
  return `<h2>The matrix</h2>${table(columns, cells)}
<p class="lead" style="font-size:.9rem">✓ nothing found · ✗ violations · – cannot run on this machine · ? the harness failed. Recovery: shortest to longest of the runs.</p>`;
}

function spread(values: readonly number[]): string {
  if (values.length === 0) return "–";
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return least === most ? seconds(most) : `${seconds(least)} to ${seconds(most)}`;
}

function verdict(run: RunResult): string {
  const sign = { clean: "✓", violated: "✗", impossible: "–", broken: "?" }[run.outcome];
  const tone = { clean: "good", violated: "bad", impossible: "warn", broken: "warn" }[run.outcome];
  return `<span class="${tone}" title="seed ${run.seed}">${sign}</span>`;
}

function rowSection({ number: row, title, how, topology, runs }: ProvenRow): string {
  const [first] = runs;
  const columns = [
    { title: "seed", isNumber: true },
    { title: "" },
    ...[
      "acked",
      "delivered",
      "sockets ended",
      "median ack",
      "worst ack",
      "recovery",
      "at rest after",
      "harness late",
    ].map((name) => ({
      title: name,
      isNumber: true,
    })),
    { title: "checkers" },
  ];
  const cells = runs.map((run) => {
    const { seed, load, secondChecker } = run;
    const times =
      load === undefined
        ? []
        : [load.medianAckMs, load.worstAckMs, load.recoveryMs, load.settleMs, load.harnessDelayMs];
    return [
      String(seed),
      verdict(run),
      ...(load === undefined ? ["", "", ""] : [load.acked, load.delivered, load.socketsEnded].map(number)),
      ...[0, 1, 2, 3, 4].map((index) => (times[index] === undefined ? "" : seconds(times[index]))),
      secondChecker === "absent"
        ? "one"
        : secondChecker === "agrees"
          ? "both agree"
          : `<span class="bad">disagree</span>`,
    ];
  });
  const setting =
    topology === "cluster" ? "Each part in a process of its own." : "Everything in one process, on the embedded store.";
  return `<section class="row" id="row-${row}"><h3>${row} · ${escaped(title)}</h3>
<p>${escaped(how)} ${setting}</p>
${table(columns, cells)}
${runs.map(story).join("")}
<pre>npm run prove -- --only ${row} --seed ${first?.seed ?? 1}</pre></section>`;
}

function story(run: RunResult): string {
  const sentences = [
    ...(run.why === undefined ? [] : [`<p class="warn">Not run: ${escaped(run.why)}</p>`]),
    ...run.shown.map((sentence) => `<p class="bad">${escaped(sentence)}</p>`),
  ];
  const facts = [
    ...run.requirements.map(({ what, isMet, seen }) => [
      `<span class="${isMet ? "good" : "bad"}">${isMet ? "✓" : "✗"}</span>`,
      escaped(what),
      escaped(seen),
    ]),
    ...Object.entries(run.figures).map(([name, value]) => ["", escaped(name), escaped(value)]),
  ];
  const list = numberedMarks(run).map(({ at, what }) => `<li>${(at / 1_000).toFixed(1)} s: ${escaped(what)}</li>`);
  const faults = run.faults.map(({ what, recoveryMs }) => `${escaped(what)}: ${seconds(recoveryMs)}`);
  if (sentences.length + facts.length + list.length === 0) return "";
  return `${sentences.join("")}<details${run.outcome === "violated" ? " open" : ""}><summary>seed ${run.seed}: what happened when</summary>
${facts.length === 0 ? "" : table([{ title: "" }, { title: "besides" }, { title: "seen" }], facts)}
<div class="scroll">${drawTimeline(run)}</div>
<ol class="marks">${list.join("")}</ol>
${faults.length === 0 ? "" : `<p style="font-size:.86rem">Recovery: ${faults.join("; ")}.</p>`}</details>`;
}

function footer({ madeAt, since, commit, machine }: Proof): string {
  const facts = Object.entries(machine).map(([name, value]) => [escaped(name), escaped(value)]);
  return `<h2>Where and when</h2>${table([{ title: "" }, { title: "" }], [["made", escaped(since === undefined ? madeAt : `${since} to ${madeAt}`)], ["commit", escaped(commit)], ...facts])}
<pre>npm run prove</pre>
<footer>Everything on this page is in <code>proof.json</code> beside it. The rows are in <code>infra/prove/src/rows</code>, the checkers in
<code>libs/simulator</code>.</footer>`;
}
