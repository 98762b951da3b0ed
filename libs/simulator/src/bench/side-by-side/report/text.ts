import type { SideBySide } from "../result.ts";
import type { Line } from "../targets/judge.ts";
import { legend } from "./names.ts";
import { roomSheets } from "./room-sheets.ts";
import { failureSheets, faultSheet, idleSheets } from "./run-sheets.ts";
import { type Sheet, sheetToText } from "./sheet.ts";
import { targetSheet } from "./target-sheet.ts";

/** Everything, for the terminal. */
export function formatText(result: SideBySide, lines: readonly Line[]): string {
  return [legend(result.plan.systems).join("\n"), ...allSheets(result, lines).map(sheetToText)].join("\n\n");
}

/** In the order of the documents. */
export function allSheets(result: SideBySide, lines: readonly Line[]): readonly Sheet[] {
  return [
    ...(lines.length === 0 ? [] : [targetSheet(lines, result)]),
    ...result.plan.roomSizes.flatMap((roomSize) => roomSheets(result, roomSize)),
    ...idleSheets(result),
    faultSheet(result),
    ...failureSheets(result),
  ];
}
