import { readFile } from "node:fs/promises";
import type { ChildExit } from "@parley/run";
import type { Trouble } from "@parley/run/testing";

/** How a process may end: by a signal, or with a code. */
export type Ending = NodeJS.Signals | number;

/**
 * Knows which processes were meant to end. Every other end, and every exception that nobody caught, breaks C10.
 */
export interface Coroner {
  /** The next end of this node is meant if it is like that. */
  expect(node: string, ending: Ending): void;
  /** Every end of this node is meant, until nothing is expected of it any more. */
  expectAnything(node: string): void;
  /** Forgets what was expected and did not come. */
  expectNothing(node: string): void;
  note(exit: ChildExit): void;
  readonly exits: readonly { readonly node: string; readonly how: string; readonly isMeant: boolean }[];
  /** One sentence for each thing that must not have happened, so far. */
  complaints(): Promise<readonly string[]>;
  /** Warnings of the runtime: listeners that leak, promises that are handled late. */
  warnings(): Promise<readonly string[]>;
}

/** `troubleFile`: where the processes write what they must never meet, a line of JSON each. */
export function createCoroner(troubleFile: string, onExit: (node: string, how: string) => void): Coroner {
  const expected = new Map<string, Ending[]>();
  const doomed = new Set<string>();
  const exits: { node: string; how: string; isMeant: boolean }[] = [];
  const excused = new Set<number>();

  const readTroubles = async (): Promise<readonly Trouble[]> => {
    const text = await readFile(troubleFile, "utf8").catch(() => "");
    return text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line));
  };

  return {
    exits,
    expect(node, ending) {
      const list = expected.get(node) ?? [];
      list.push(ending);
      expected.set(node, list);
    },
    expectAnything: (node) => void doomed.add(node),
    expectNothing(node) {
      expected.delete(node);
      doomed.delete(node);
    },
    note({ spec: { node }, pid, code, signal, isWanted }) {
      const how = signal ?? `exit code ${code}`;
      const [ending] = expected.get(node) ?? [];
      const isExpected = ending !== undefined && ending === (signal ?? code);
      if (isExpected) expected.get(node)?.shift();
      // A process that is made to fall in a way that nobody can foretell may say on the way what it fell over.
      if (doomed.has(node)) excused.add(pid);
      exits.push({ node, how, isMeant: isExpected || doomed.has(node) || (isWanted && code === 0) });
      onExit(node, how);
    },
    async complaints() {
      const troubles = (await readTroubles()).filter(({ kind, pid }) => kind !== "warning" && !excused.has(pid));
      return [
        ...exits.filter(({ isMeant }) => !isMeant).map(({ node, how }) => `${node} ended: ${how}`),
        ...troubles.map(({ node, kind, text }) => `${node}: ${kind}: ${text}`),
      ];
    },
    async warnings() {
      return (await readTroubles())
        .filter(({ kind }) => kind === "warning")
        .map(({ node, text }) => `${node}: ${text}`);
    },
  };
}
