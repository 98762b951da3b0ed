/** What the parent tells a generator, and what that answers. */
export type ToGenerator =
  | {
      readonly kind: "open";
      readonly name: string;
      readonly urls: readonly string[];
      readonly tokens: readonly (readonly [user: string, token: string])[];
      readonly roomSize: number;
    }
  | { readonly kind: "rate"; readonly perS: number }
  | { readonly kind: "take" };

export type FromGenerator =
  | { readonly kind: "opened" }
  | { readonly kind: "failed"; readonly why: string }
  | { readonly kind: "taken"; readonly figures: LoadFigures };

/** What happened since the last look. */
export interface LoadFigures {
  readonly seconds: number;
  readonly sent: number;
  /** Not sent since the client's socket had too many without an answer: the gateway does not read it meanwhile. */
  readonly withheld: number;
  /** ms from a send to its ack, one value each. */
  readonly ackMs: readonly number[];
  /** ms from a send to its refusal. */
  readonly refusalMs: readonly number[];
  readonly refusals: Readonly<Record<string, number>>;
  /** Refusals that did not say when to come again. */
  readonly withoutRetryAfter: number;
  /** Sent and without an answer now, and since when the oldest of them. */
  readonly open: number;
  readonly oldestMs: number;
  readonly socketsClosed: number;
  readonly delivered: number;
  /** Of a core. */
  readonly cpu: number;
}

export function isToGenerator(value: unknown): value is ToGenerator {
  return typeof value === "object" && value !== null && "kind" in value;
}

export function isFromGenerator(value: unknown): value is FromGenerator {
  return typeof value === "object" && value !== null && "kind" in value;
}
