import xxhash from "xxhash-wasm";

const { h64ToString } = await xxhash();

/**
 * A 64-bit fingerprint, 16 hexadecimal digits. A history keeps fingerprints and not texts, so that its size does not
 * hang on what people write. **Source**: xxHash64. Two different texts of one run meet with a chance of about 10^-10.
 */
export function digest(text: string): string {
  return h64ToString(text);
}
