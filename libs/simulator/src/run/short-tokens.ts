import type { TokenProvider } from "@parley/client";

/** Tokens that end while a run goes on, for some of its people. */
export interface ShortTokens {
  tokenOf(user: string, expiresInS: number): string;
  /** For so long the system lets a session outlive its token, ms. */
  readonly graceMs: number;
}

/** One person in five has tokens of some seconds; of these one in three never refreshes, and is sent away in the end. */
const shortEvery = 5;
const unrefreshedEvery = 3;
const livesS = [4, 6, 9] as const;

/** The tokens of one person's devices, `index` being the person's place in the population. */
export function tokenProvider(
  user: string,
  index: number,
  tokenOf: (user: string) => string,
  shortTokens: ShortTokens | undefined,
): TokenProvider {
  if (shortTokens === undefined || index % shortEvery !== 1) return () => tokenOf(user);
  const rank = Math.floor(index / shortEvery);
  const lifeS = livesS[rank % livesS.length] ?? livesS[0];
  const neverRefreshes = rank % unrefreshedEvery === 0;
  return (reason) => {
    if (reason === "refresh" && neverRefreshes) throw new Error("this person's program gets no other token");
    return shortTokens.tokenOf(user, lifeS);
  };
}
