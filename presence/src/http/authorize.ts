import { createHash, timingSafeEqual } from "node:crypto";
import type { TokenVerifier } from "@parley/auth";
import { HttpRefusal } from "./problem.ts";

/** Who asks: the name that the rate limit counts by; never a key or token. */
export interface Caller {
  readonly name: string;
}

/** Judges the `Authorization` header. **Errors**: HttpRefusal (401, 403), TokenError, KeysUnavailableError. */
export type Authorize = (header: string | undefined) => Promise<Caller>;

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();

/**
 * API keys from the configuration, or a token with scope `admin`. All keys are compared, by digests of equal length
 * and in constant time, so that neither the time nor the first difference tells anything of a key.
 */
export function createAuthorize(apiKeys: readonly string[], tokens: TokenVerifier): Authorize {
  const keys = apiKeys.map(digest);
  return async (header) => {
    // RFC 6750, section 2.1; the scheme's case does not matter (RFC 9110, section 11.1).
    const [, credentials] = /^bearer +([A-Za-z0-9._~+/=-]+)$/i.exec(header ?? "") ?? [];
    if (credentials === undefined)
      throw new HttpRefusal(401, "unauthenticated", "Give Authorization: Bearer <key or token>.");
    const given = digest(credentials);
    let matched = -1;
    for (const [index, key] of keys.entries()) if (timingSafeEqual(key, given)) matched = index;
    if (matched >= 0) return { name: `key-${matched}` };
    const { user, scope } = await tokens.verify(credentials);
    const mayAsk = scope?.split(" ").includes("admin") === true;
    if (!mayAsk) throw new HttpRefusal(403, "forbidden", "The token has no scope admin.");
    return { name: `admin-${user}` };
  };
}
