/** Reads `exp` of a JWT, ms since 1970, and verifies nothing. Undefined for a token that names no end. */
export function tokenExpiry(token: string): number | undefined {
  const payload = token.split(".")[1];
  if (payload === undefined) return undefined;
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, "base64url").toString());
    const isNamed = typeof claims === "object" && claims !== null && "exp" in claims && typeof claims.exp === "number";
    return isNamed ? Number(claims.exp) * 1_000 : undefined;
  } catch {
    // A server that is not ours may take tokens of another make.
    return undefined;
  }
}
