/** Named in `hello` as `protocol` and in the subprotocol `parley.v1`. */
export const WIRE_VERSION = 1;

/**
 * What was on the wire, newest last. The hash covers every schema without its prose (`wire-hash.ts`); a test holds the
 * last line against the source, so that nobody changes the wire without knowing it.
 */
export const wireNotes: readonly { readonly version: number; readonly hash: string; readonly note: string }[] = [
  { version: 1, hash: "97bf5ff32b1a5b80", note: "The frozen core: all frames of version 1." },
];
