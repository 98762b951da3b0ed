import type { Cell, SideBySide } from "../result.ts";
import { type Baseline, layoutsAgainst, type Target } from "./target.ts";

export type FaultKind = "lost" | "doubled" | "reordered";

const names: Readonly<Record<FaultKind, string>> = {
  lost: "acked and not delivered",
  doubled: "delivered twice",
  reordered: "neighbouring messages in different order",
};

/** What must never be, in all cells of the run together. */
export function faultTarget(kind: FaultKind, against: Baseline): Target {
  return {
    figure: names[kind],
    scene: "all rooms and rates",
    against,
    limit: "0",
    layouts: layoutsAgainst(against),
    isPlanned: ({ systems }) => systems.includes(against),
    find(result, layout) {
      const cells = cellsOfSystem(result, layout);
      if (cells.length === 0) return undefined;
      return { value: sumOf(cells, kind), text: formatFaults(cells, kind), marks: [] };
    },
    theirs: (result) => formatFaults(cellsOfSystem(result, against), kind),
    holds: (_layout, value) => value === 0,
  };
}

function cellsOfSystem({ cells }: SideBySide, wanted: string): readonly Cell[] {
  return cells.filter(({ system }) => system === wanted);
}

/** "12" or "0"; of pairs the share too: "512 (5.6 %)". */
export function formatFaults(cells: readonly Cell[], kind: FaultKind): string {
  if (cells.length === 0) return "–";
  const count = sumOf(cells, kind);
  const text = count.toLocaleString("en-US");
  return kind !== "reordered" || count === 0 ? text : `${text} (${formatPercent(reorderedShare(cells))})`;
}

/** Of all pairs that were compared; 0 where none was. */
export function reorderedShare(cells: readonly Pick<Cell, "pairs" | "reordered">[]): number {
  const pairs = cells.reduce((sum, cell) => sum + cell.pairs, 0);
  return pairs === 0 ? 0 : cells.reduce((sum, cell) => sum + cell.reordered, 0) / pairs;
}

/** "0 %" for nothing at all only. */
export function formatPercent(share: number): string {
  if (share === 0) return "0 %";
  return share < 0.0001 ? "< 0.01 %" : `${(share * 100).toFixed(share < 0.01 ? 2 : 1)} %`;
}

function sumOf(cells: readonly Cell[], kind: FaultKind): number {
  return cells.reduce((sum, cell) => sum + cell[kind], 0);
}
