export interface CloseMeaning {
  readonly name: string;
  /** Whether the client should come back by itself (with jitter), with the same token. */
  readonly reconnects: boolean;
  readonly meaning: string;
}

/** The closed registry of close codes. A number is never reused for something else. */
export const closeCodes = {
  1001: { name: "going_away", reconnects: true, meaning: "The server goes away." },
  1003: { name: "unsupported_data", reconnects: false, meaning: "A binary frame was sent; parley.v1 is text only." },
  1009: { name: "message_too_big", reconnects: false, meaning: "A frame was over the frame limit." },
  4400: {
    name: "bad_frame",
    reconnects: false,
    meaning: "A frame that no answer can mend, such as junk before `hello`.",
  },
  4401: {
    name: "unauthenticated",
    reconnects: false,
    meaning: "No valid token, or it expired: come back with a new token only.",
  },
  4403: {
    name: "forbidden",
    reconnects: false,
    meaning: "This user may not connect, or was disconnected by an admin.",
  },
  4408: { name: "hello_timeout", reconnects: true, meaning: "No `hello` within the deadline." },
  4409: {
    name: "replaced",
    reconnects: false,
    meaning: "The same device connected anew; coming back would throw out the newer socket.",
  },
  4429: { name: "too_many", reconnects: true, meaning: "Too many bad frames or requests; come back slowly." },
  4503: { name: "unavailable", reconnects: true, meaning: "Draining, or no chat server within reach." },
} as const satisfies Record<number, CloseMeaning>;

export type CloseCode = keyof typeof closeCodes;

/** The registry by name: `closeCode.replaced` is 4409. */
export const closeCode = {
  goingAway: 1001,
  unsupportedData: 1003,
  messageTooBig: 1009,
  badFrame: 4400,
  unauthenticated: 4401,
  forbidden: 4403,
  helloTimeout: 4408,
  replaced: 4409,
  tooMany: 4429,
  unavailable: 4503,
} as const satisfies Record<string, CloseCode>;

/**
 * Whether a client reconnects by itself after this close code. Codes that are not ours (1006 above all: the
 * connection fell without a word) mean yes.
 */
export function reconnectsAfter(code: number): boolean {
  return Object.hasOwn(closeCodes, code) ? closeCodes[code as CloseCode].reconnects : true;
}
