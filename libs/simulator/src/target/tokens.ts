import { loadOrCreateKeyFile, signToken } from "@parley/auth";
import type { ShortTokens } from "../run/short-tokens.ts";

/**
 * Signs tokens as `npm run token` does, with the key in the data folder of the running system.
 * **Errors**: rejects where the folder can't be read.
 */
export async function createTokens(
  dataDir: string,
  expiresInS = 24 * 3_600,
): Promise<(user: string, scope?: string) => string> {
  const { signing } = await loadOrCreateKeyFile(dataDir);
  return (user, scope) => signToken({ user, expiresInS, key: signing, ...(scope === undefined ? {} : { scope }) });
}

/** Tokens that end within a run, for a system that lets a session outlive its token by `graceMs`. **Errors**: as above. */
export async function createShortTokens(dataDir: string, graceMs: number): Promise<ShortTokens> {
  const { signing } = await loadOrCreateKeyFile(dataDir);
  return { graceMs, tokenOf: (user, expiresInS) => signToken({ user, expiresInS, key: signing }) };
}
