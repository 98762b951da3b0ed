import jwt from "jsonwebtoken";
import { type TokenAlgorithm, userPattern } from "./token.ts";

export interface SigningKey {
  readonly kid: string;
  readonly algorithm: TokenAlgorithm;
  /** HS256: the secret; else a PEM private key. */
  readonly key: string;
}

export interface TokenClaims {
  readonly user: string;
  readonly name?: string;
  readonly scope?: string;
  /** Seconds from now. */
  readonly expiresInS: number;
  readonly key: SigningKey;
  readonly audience?: string;
  readonly issuer?: string;
}

/** **Errors**: throws for a user id that no verifier would take, and for an expiry that is not positive. */
export function signToken(claims: TokenClaims): string {
  const { user, name, scope, expiresInS, key, audience, issuer } = claims;
  if (!userPattern.test(user)) throw new Error(`user ${JSON.stringify(user)}: it must match ${userPattern}`);
  if (!(expiresInS >= 1)) throw new Error(`expiry ${expiresInS}: it must be at least 1 (seconds)`);
  const payload = { ...(name === undefined ? {} : { name }), ...(scope === undefined ? {} : { scope }) };
  return jwt.sign(payload, key.key, {
    algorithm: key.algorithm,
    keyid: key.kid,
    subject: user,
    expiresIn: Math.floor(expiresInS),
    ...(audience === undefined ? {} : { audience }),
    ...(issuer === undefined ? {} : { issuer }),
  });
}
