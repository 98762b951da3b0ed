import { readFile } from "node:fs/promises";
import { isFields } from "../../history/content.ts";
import type { Mode, Plan } from "./plan.ts";

/** A quantile each, ms. */
export interface Quantiles {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/** One window of one system. What is per 1,000 deliveries is CPU ms. */
export interface Cell {
  readonly system: string;
  /** From 1. */
  readonly repeat: number;
  readonly roomSize: number;
  readonly mode: Mode;
  /** Messages a second asked for; absent in a closed loop. */
  readonly askedPerS?: number;
  /** Messages under way at once; absent in an open loop. */
  readonly inFlight?: number;
  readonly serverCpuMs: number;
  readonly redisCpuMs: number;
  readonly storeCpuMs: number;
  readonly deliveriesPerS: number;
  /** Acked. */
  readonly sendsPerS: number;
  readonly ackMs: Quantiles;
  readonly endToEndMs: Quantiles;
  /** Resident memory of all server processes before anybody connected, and at the end of the window. */
  readonly restBytes: number;
  readonly busyBytes: number;
  /** Deliveries that acked messages are owed; this and what follows over the whole phase, warm-up and end among it. */
  readonly due: number;
  /** Owed and missing, beyond what was announced. */
  readonly lost: number;
  /** Left out for a reader that was too slow, who was told so at once and finds them in the history. */
  readonly announced: number;
  readonly doubled: number;
  readonly pairs: number;
  readonly reordered: number;
  /** Requests refused in the window. */
  readonly refused: number;
  /** Messages without an answer 20 s after the last was sent. */
  readonly unsettled: number;
  readonly socketsClosed: number;
  /** CPU of the generator, of one core. */
  readonly busy: number;
}

/** Resident memory of all server processes of a system before and after idle connections came. */
export interface IdleCell {
  readonly system: string;
  readonly repeat: number;
  readonly connections: number;
  readonly beforeBytes: number;
  readonly afterBytes: number;
}

/** What could not be measured, and why. */
export interface Failure {
  readonly system: string;
  readonly repeat: number;
  /** "start", "idle connections", or the scene. */
  readonly during: string;
  readonly why: string;
}

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly kernel: string;
  readonly node: string;
  readonly redis: string;
}

/** Everything that a run found; tables, figures and verdicts are made of it alone. */
export interface SideBySide {
  readonly format: typeof resultFormat;
  /** ISO 8601, when it began. */
  readonly date: string;
  readonly command: string;
  readonly machine: Machine;
  readonly plan: Plan;
  /** A durable append of one event to LMDB by itself, before each repeat: what a durable ack can't do without. */
  readonly storeCommits: readonly { readonly repeat: number; readonly ms: number }[];
  /** Sends a second that Socket.IO saturated at, by room size, before the first repeat. */
  readonly calibration: readonly { readonly roomSize: number; readonly sendsPerS: number }[];
  readonly cells: readonly Cell[];
  readonly idle: readonly IdleCell[];
  readonly failures: readonly Failure[];
}

/** Counts up when a field changes its meaning. */
export const resultFormat = 1;

export interface Scene {
  readonly system: string;
  readonly roomSize: number;
  readonly mode: Mode;
}

export function cellsOf({ cells }: Pick<SideBySide, "cells">, scene: Scene): readonly Cell[] {
  return cells.filter(
    ({ system, roomSize, mode }) => system === scene.system && roomSize === scene.roomSize && mode === scene.mode,
  );
}

export function bytesAConnection({ beforeBytes, afterBytes, connections }: IdleCell): number {
  return (afterBytes - beforeBytes) / connections;
}

/** One line a cell, so that a new run is a readable difference. */
export function formatResult({ cells, idle, ...facts }: SideBySide): string {
  const lines = (list: readonly object[]): string => list.map((one) => `\n    ${JSON.stringify(one)}`).join(",");
  const head = JSON.stringify(facts, undefined, 2).slice(0, -2);
  return `${head},\n  "idle": [${lines(idle)}],\n  "cells": [${lines(cells)}]\n}\n`;
}

/** **Errors**: rejects where the file can't be read or is none that {@link formatResult} wrote. */
export async function readResult(file: string): Promise<SideBySide> {
  const value: unknown = JSON.parse(await readFile(file, "utf8"));
  if (!isResult(value)) throw new Error(`${file} holds no result of this benchmark in format ${resultFormat}`);
  return value;
}

function isResult(value: unknown): value is SideBySide {
  return (
    isFields(value) &&
    value["format"] === resultFormat &&
    isFields(value["plan"]) &&
    ["cells", "idle", "failures", "calibration", "storeCommits"].every((name) => Array.isArray(value[name]))
  );
}
