import xxhash from "xxhash-wasm";

const { h64 } = await xxhash();

/**
 * The upper 53 bits of the 64-bit xxHash (XXH64, seed 0) of the key's UTF-8 bytes: as much of it as a number holds
 * exactly, in the same order. The same in every process and on every machine (golden vectors in hash.test.ts).
 * **Source**: the xxHash specification (XXH64), through xxhash-wasm.
 */
export function hash53(key: string): number {
  return Number(h64(key) >> 11n);
}
