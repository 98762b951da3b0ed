import type { Run } from "../pool.ts";
import { countOf, type RunResult } from "../run/result.ts";

/** The live table: one line a run, and what is under way below them where there is a terminal. */
export interface Screen {
  start(run: Run): void;
  progress(run: Run, phase: string, acked: number, delivered: number): void;
  result(result: RunResult, title: string): void;
  say(line: string): void;
  end(): void;
}

const titleWidth = 44;

export function createScreen(stream: NodeJS.WriteStream): Screen {
  const under = new Map<string, string>();
  let drawn = 0;
  const isLive = stream.isTTY === true;
  const clear = (): void => {
    if (drawn > 0) stream.write(`\x1b[${drawn}A\x1b[J`);
    drawn = 0;
  };
  const draw = (): void => {
    if (!isLive) return;
    const width = stream.columns ?? 100;
    for (const line of under.values()) stream.write(`${line.slice(0, width - 1)}\n`);
    drawn = under.size;
  };
  const print = (line: string): void => {
    clear();
    stream.write(`${line}\n`);
    draw();
  };
  const key = ({ row, seed }: Run): string => `${row}/${seed}`;
  print(
    `${"row".padStart(3)}  ${"fault".padEnd(titleWidth)} ${"seed".padStart(7)} ${"acked".padStart(7)} ${"delivered".padStart(9)} ${"violations".padStart(10)} ${"recovery".padStart(9)}`,
  );

  return {
    start(run) {
      under.set(key(run), `${String(run.row).padStart(3)}  seed ${run.seed}: begins`);
      clear();
      draw();
    },
    progress(run, phase, acked, delivered) {
      if (!isLive) return;
      under.set(
        key(run),
        `${String(run.row).padStart(3)}  seed ${run.seed}: ${acked} acked, ${delivered} delivered: ${phase}`,
      );
      clear();
      draw();
    },
    result(result, title) {
      under.delete(key(result));
      const { row, seed, load, outcome } = result;
      const cell = (value: number | undefined, width: number): string =>
        (value === undefined ? "–" : value.toLocaleString("en-US")).padStart(width);
      const found = { clean: "0", violated: String(countOf(result)), impossible: "cannot run", broken: "broken" }[
        outcome
      ];
      const recovery = load === undefined ? "–" : `${(load.recoveryMs / 1_000).toFixed(2)} s`;
      print(
        `${String(row).padStart(3)}  ${title.slice(0, titleWidth).padEnd(titleWidth)} ${String(seed).padStart(7)} ${cell(load?.acked, 7)} ${cell(load?.delivered, 9)} ${found.padStart(10)} ${recovery.padStart(9)}`,
      );
      for (const sentence of result.shown) print(`       ${sentence}`);
      if (result.why !== undefined) print(`       ${result.why}`);
      if (outcome === "violated" || outcome === "broken") {
        print(`       again: npm run prove -- --only ${row} --seed ${seed}    logs and history: ${result.folder}`);
      }
    },
    say: print,
    end() {
      under.clear();
      clear();
    },
  };
}
