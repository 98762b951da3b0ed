import { randomBytes } from "node:crypto";
import { type SigningKey, signToken, type TokenClaims } from "./sign-token.ts";
import type { TokenVerifier } from "./token.ts";
import { createTokenVerifier } from "./token-verifier.ts";

export interface TestTokens {
  readonly verifier: TokenVerifier;
  readonly key: SigningKey;
  /** A token of this user, valid for an hour unless `claims` says otherwise. */
  sign(user: string, claims?: Partial<Omit<TokenClaims, "user" | "key">>): string;
}

/** A verifier with a fresh random key, and tokens for it. */
export function createTestTokens(): TestTokens {
  const key: SigningKey = { kid: "test", algorithm: "HS256", key: randomBytes(32).toString("hex") };
  return {
    verifier: createTokenVerifier({ algorithms: ["HS256"], keys: { [key.kid]: key.key } }),
    key,
    sign: (user, claims = {}) => signToken({ expiresInS: 3_600, ...claims, user, key }),
  };
}
