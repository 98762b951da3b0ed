import type { MessageStore, UserIndex } from "../message-store.ts";

/** What may be asked of a store over a socket: all of {@link MessageStore} but `close`, which stays at home. */
export type Method = Exclude<keyof MessageStore, "close">;

/** JSON has no maps: those that a call takes or gives go as lists of entries. */
interface Shape {
  /** A write whose connection ends may or may not have had its effect. */
  readonly isWrite: boolean;
  packArgs?(args: readonly unknown[]): readonly unknown[];
  unpackArgs?(args: readonly unknown[]): readonly unknown[];
  packResult?(result: unknown): unknown;
  unpackResult?(result: unknown): unknown;
}

const read: Shape = { isWrite: false };
const write: Shape = { isWrite: true };
const mapResult = { packResult: entriesOf, unpackResult: mapOf } as const;
const mapArg = (at: number) => ({
  packArgs: (args: readonly unknown[]) => args.map((arg, index) => (index === at ? entriesOf(arg) : arg)),
  unpackArgs: (args: readonly unknown[]) => args.map((arg, index) => (index === at ? mapOf(arg) : arg)),
});

export const shapes: Readonly<Record<Method, Shape>> = {
  append: write,
  readAfter: read,
  readBefore: read,
  readAt: read,
  findByRequest: read,
  head: read,
  heads: { ...read, ...mapResult },
  findGrown: { ...read, ...mapArg(0) },
  findAboveHole: read,
  applyEffects: write,
  readSummaries: { ...read, ...mapResult },
  advanceSummaries: { ...write, ...mapArg(0) },
  readUser: {
    ...read,
    packResult: (result) => {
      const { channels, reads } = result as UserIndex;
      return [entriesOf(channels), entriesOf(reads)];
    },
    unpackResult: (result) => {
      const [channels, reads] = result as readonly unknown[];
      return { channels: mapOf(channels), reads: mapOf(reads) };
    },
  },
  markIn: write,
  markOut: write,
  advanceReads: { ...write, ...mapArg(1) },
  ping: read,
};

export function isMethod(name: unknown): name is Method {
  return typeof name === "string" && Object.hasOwn(shapes, name);
}

/** Number, method, arguments. */
export type Call = readonly [number: number, method: Method, args: readonly unknown[]];

/** Number, and what came of the call: a result (absent: none), or an error's code and message. */
export type Reply =
  | readonly [number: number, isDone: true, result?: unknown]
  | readonly [number: number, isDone: false, code: string, message: string];

function entriesOf(map: unknown): unknown {
  if (!(map instanceof Map)) throw new TypeError("a map was expected");
  return [...map];
}

function mapOf(entries: unknown): unknown {
  if (!Array.isArray(entries)) throw new TypeError("a list of entries was expected");
  return new Map(entries);
}
