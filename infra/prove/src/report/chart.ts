import type { RunResult } from "../run/result.ts";
import { escaped } from "./html.ts";

const width = 720;
const left = 46;
const right = 10;
const laneHeight = 58;
const laneGap = 16;
const top = 18;
const axisHeight = 20;
const labelledMarksMax = 40;

/** Acks and deliveries a second over the run, each on its own scale, with the faults where they were. */
export function drawTimeline(run: RunResult): string {
  const { timeline, faults } = run;
  if (timeline === undefined) return "";
  const { stepMs, acks, deliveries } = timeline;
  const totalMs = acks.length * stepMs;
  const x = (ms: number): number => left + ((width - left - right) * Math.min(Math.max(ms, 0), totalMs)) / totalMs;
  const height = top + 2 * laneHeight + laneGap + axisHeight;
  const bottom = top + 2 * laneHeight + laneGap;
  const perS = (list: readonly number[]): number[] => list.map((count) => (count * 1_000) / stepMs);
  const spans = faults.map(({ from, to }) => {
    const wide = Math.max(1.5, x(to) - x(from));
    return `<rect x="${x(from).toFixed(1)}" y="${top}" width="${wide.toFixed(1)}" height="${bottom - top}" fill="var(--fault)"/>`;
  });
  const told = numberedMarks(run).map(({ at, number, kind }) => {
    const at_ = x(at).toFixed(1);
    const color = kind === "fault" ? "var(--mark)" : kind === "end" ? "var(--end)" : "var(--line)";
    return `<line x1="${at_}" x2="${at_}" y1="${top}" y2="${bottom}" stroke="${color}" stroke-dasharray="${kind === "note" ? "2 3" : "none"}"/><text x="${at_}" y="${kind === "note" ? top - 3 : top - 9}" text-anchor="middle" font-size="9">${number}</text>`;
  });
  return (
    `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(`Acks and deliveries a second, row ${run.row}, seed ${run.seed}`)}">` +
    spans.join("") +
    told.join("") +
    lane(perS(acks), top, "acks/s", "var(--acks)") +
    lane(perS(deliveries), top + laneHeight + laneGap, "deliveries/s", "var(--deliveries)") +
    axis(totalMs, bottom) +
    "</svg>"
  );

  function lane(values: readonly number[], y: number, name: string, color: string): string {
    const most = Math.max(1, ...values);
    const points = values.map((value, index) => {
      const at = left + ((width - left - right) * (index + 0.5)) / values.length;
      return `${at.toFixed(1)} ${(y + laneHeight - (laneHeight * value) / most).toFixed(1)}`;
    });
    const base = (y + laneHeight).toFixed(1);
    return (
      `<path d="M${left} ${base}L${points.join("L")}L${width - right} ${base}Z" fill="${color}" fill-opacity=".16"/>` +
      `<path d="M${points.join("L")}" fill="none" stroke="${color}" stroke-width="1.4" stroke-linejoin="round"/>` +
      `<text x="${left - 5}" y="${y + 9}" text-anchor="end">${Math.round(most)}</text>` +
      `<text x="${left - 5}" y="${base}" text-anchor="end">0</text>` +
      `<text x="${left + 4}" y="${y + 10}" style="fill:${color}">${name}</text>`
    );
  }

  function axis(ms: number, y: number): string {
    const everyS = ms > 60_000 ? 10 : ms > 24_000 ? 5 : 2;
    const ticks: string[] = [];
    for (let second = 0; second * 1_000 <= ms; second += everyS) {
      ticks.push(`<text x="${x(second * 1_000).toFixed(1)}" y="${y + 14}" text-anchor="middle">${second}</text>`);
    }
    return `<line x1="${left}" x2="${width - right}" y1="${y}" y2="${y}" stroke="var(--line)"/>${ticks.join("")}<text x="${width - right}" y="${y + 14}" text-anchor="end">s</text>`;
  }
}

/** The story of a run with the numbers that the chart shows; where there is much to tell, notes go first. */
export function numberedMarks({
  marks,
}: RunResult): readonly { at: number; what: string; kind: string; number: number }[] {
  const kept = marks.length <= labelledMarksMax ? marks : marks.filter(({ kind }) => kind !== "note");
  return kept.slice(0, labelledMarksMax).map((mark, index) => ({ ...mark, number: index + 1 }));
}
