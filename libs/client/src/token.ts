/**
 * Reads `exp` of a JWT without verifying anything: the server judges, this only times the refresh.
 * Returns ms since 1970, or undefined for a token that is opaque or does not expire.
 */
export function tokenExpiry(token: string): number | undefined {
  const payload = token.split(".")[1];
  if (payload === undefined) return undefined;
  try {
    const claims: unknown = JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/")));
    if (typeof claims !== "object" || claims === null || !("exp" in claims)) return undefined;
    return typeof claims.exp === "number" && Number.isFinite(claims.exp) ? claims.exp * 1_000 : undefined;
  } catch {
    // Not a JWT. The provider is asked again when the server refuses the token.
    return undefined;
  }
}

/**
 * How long after `now` to refresh: a minute before the end, for short-lived tokens at four fifths of what is left.
 * At least a second, so that a provider that hands out expired tokens is not called in a loop.
 */
export function refreshDelayMs(expiresAt: number, now: number): number {
  const leftMs = expiresAt - now;
  return Math.max(1_000, Math.max(leftMs - 60_000, leftMs * 0.8));
}
