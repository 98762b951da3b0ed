import { type Fields, findFlag, findNumber, parseFields } from "./fields.ts";

/** What happens to the bytes of one direction. */
export interface DirectionFaults {
  /** Each byte arrives so much later, ms. */
  readonly latencyMs: number;
  /** Up to so much on top, drawn for each chunk from the seed; chunks never overtake each other. */
  readonly jitterMs: number;
  /** Of each connection; null: no limit. */
  readonly bytesPerS: number | null;
  /** Nothing passes, not even the end of the connection; what waits passes later. */
  readonly isPaused: boolean;
}

/** The faults of a proxy. */
export interface Faults {
  /** Client to target. */
  readonly up: DirectionFaults;
  /** Target to client. */
  readonly down: DirectionFaults;
  /** New connections are accepted and reset at once; present ones go on. */
  readonly refuses: boolean;
  /**
   * New connections are accepted and reach nobody; what present ones send is lost, and neither side hears of an end of
   * the other. When it ends, all these are cut: a stream with a hole in it must not go on.
   */
  readonly blackHole: boolean;
  /**
   * The connections present when it was set stand still in both directions, and neither side hears of an end of the
   * other; new ones work. When it ends, they go on where they stood, or end now if a side has ended meanwhile.
   */
  readonly halfOpen: boolean;
  /** Of all connections, the share that faults concern (0 to 1); drawn from the seed as each comes. */
  readonly share: number;
}

/** A change: what is absent stays. The fields of a direction at the top hold for both. */
export type FaultChange = Partial<
  Omit<Faults, "up" | "down"> & DirectionFaults & { up: Partial<DirectionFaults>; down: Partial<DirectionFaults> }
>;

const noDirectionFaults: DirectionFaults = { latencyMs: 0, jitterMs: 0, bytesPerS: null, isPaused: false };

export const noFaults: Faults = {
  up: noDirectionFaults,
  down: noDirectionFaults,
  refuses: false,
  blackHole: false,
  halfOpen: false,
  share: 1,
};

export const delayMsMax = 600_000;
const bytesPerSMax = 1e9;
const directionNames = ["latencyMs", "jitterMs", "bytesPerS", "isPaused"];

export function withChange(faults: Faults, change: FaultChange): Faults {
  const { refuses, blackHole, halfOpen, share } = change;
  return {
    up: withDirection(withDirection(faults.up, change), change.up ?? {}),
    down: withDirection(withDirection(faults.down, change), change.down ?? {}),
    refuses: refuses ?? faults.refuses,
    blackHole: blackHole ?? faults.blackHole,
    halfOpen: halfOpen ?? faults.halfOpen,
    share: share ?? faults.share,
  };
}

function withDirection(faults: DirectionFaults, change: Partial<DirectionFaults>): DirectionFaults {
  return {
    latencyMs: change.latencyMs ?? faults.latencyMs,
    jitterMs: change.jitterMs ?? faults.jitterMs,
    // Null is a wish of its own here: no limit any more.
    bytesPerS: change.bytesPerS === undefined ? faults.bytesPerS : change.bytesPerS,
    isPaused: change.isPaused ?? faults.isPaused,
  };
}

/** **Errors**: FieldError that names the field. */
export function parseFaultChange(value: unknown): FaultChange {
  const names = [...directionNames, "up", "down", "refuses", "blackHole", "halfOpen", "share"];
  const fields = parseFields("body", value, names);
  return defined({
    ...parseDirection(fields),
    up: fields["up"] === undefined ? undefined : parseDirection(parseFields("up", fields["up"], directionNames)),
    down:
      fields["down"] === undefined ? undefined : parseDirection(parseFields("down", fields["down"], directionNames)),
    refuses: findFlag(fields, "refuses"),
    blackHole: findFlag(fields, "blackHole"),
    halfOpen: findFlag(fields, "halfOpen"),
    share: findNumber(fields, "share", 0, 1),
  });
}

function parseDirection(fields: Fields): Partial<DirectionFaults> {
  return defined({
    latencyMs: findNumber(fields, "latencyMs", 0, delayMsMax, " ms"),
    jitterMs: findNumber(fields, "jitterMs", 0, delayMsMax, " ms"),
    bytesPerS:
      fields["bytesPerS"] === null ? null : findNumber(fields, "bytesPerS", 1, bytesPerSMax, " (or null: no limit)"),
    isPaused: findFlag(fields, "isPaused"),
  });
}

/** Without the fields that are undefined. */
export function defined<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const there: { [K in keyof T]?: Exclude<T[K], undefined> } = { ...fields } as typeof there;
  for (const name in fields) if (fields[name] === undefined) delete there[name];
  return there;
}
