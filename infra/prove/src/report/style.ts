/** Inline, so that the page asks nobody for anything. */
export const style = `
:root { color-scheme: light dark;
  --ground: #fbfaf7; --card: #ffffff; --ink: #1d2025; --soft: #5c626b; --line: #dcd9d2;
  --good: #1a7f4b; --bad: #b3261e; --warn: #96610a; --acks: #2457a6; --deliveries: #1a7f6e; --fault: rgba(179, 38, 30, .14); --mark: #b3261e; --end: #1a7f4b; }
@media (prefers-color-scheme: dark) { :root {
  --ground: #15171a; --card: #1d2024; --ink: #e8e6e1; --soft: #a3a8b0; --line: #353a41;
  --good: #5ccb8f; --bad: #ff8a80; --warn: #e0ab5a; --acks: #85b1f5; --deliveries: #5fd0bb; --fault: rgba(255, 138, 128, .17); --mark: #ff8a80; --end: #5ccb8f; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 16px/1.55 system-ui, -apple-system, "Segoe UI", sans-serif; }
main { max-width: 62rem; margin: 0 auto; padding: 1.5rem 1rem 5rem; }
h1 { font-size: clamp(1.6rem, 5vw, 2.4rem); line-height: 1.15; margin: 1rem 0 .5rem; text-wrap: balance; }
h2 { font-size: 1.3rem; margin: 3rem 0 .75rem; }
h3 { font-size: 1.08rem; line-height: 1.35; margin: 0 0 .4rem; }
p { margin: .6rem 0; max-width: 46rem; }
a { color: inherit; }
.lead { color: var(--soft); font-size: 1.1rem; }
.sums { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: .75rem; margin: 1.5rem 0; }
.sums div { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: .7rem .9rem; }
.sums b { display: block; font-size: 1.5rem; line-height: 1.2; font-variant-numeric: tabular-nums; }
.sums span { color: var(--soft); font-size: .85rem; }
.scroll { overflow-x: auto; -webkit-overflow-scrolling: touch; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; }
th, td { text-align: left; padding: .4rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; }
th { color: var(--soft); font-weight: 600; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td.w { min-width: 15rem; }
.good { color: var(--good); } .bad { color: var(--bad); font-weight: 600; } .warn { color: var(--warn); }
.row { background: var(--card); border: 1px solid var(--line); border-radius: .8rem; padding: 1.1rem 1.1rem .9rem; margin: 1rem 0; }
.row > p { margin: .4rem 0; }
code, pre { font: .88em ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
pre { background: var(--ground); border: 1px solid var(--line); border-radius: .4rem; padding: .5rem .7rem; overflow-x: auto; margin: .5rem 0; }
details { margin: .5rem 0; } summary { cursor: pointer; color: var(--soft); }
svg { display: block; min-width: 34rem; width: 100%; height: auto; }
svg text { fill: var(--soft); font: 11px system-ui, sans-serif; }
ol.marks { columns: 22rem 2; column-gap: 2rem; padding-left: 1.6rem; margin: .3rem 0 .8rem; font-size: .86rem; color: var(--soft); }
ol.marks li { break-inside: avoid; }
footer { margin-top: 4rem; color: var(--soft); font-size: .88rem; }
`;
