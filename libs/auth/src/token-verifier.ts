import jwt from "jsonwebtoken";
import { createFixedKeys, createJwksKeys, type JwksLocation, type JwksOptions, type KeySource } from "./key-source.ts";
import {
  kidPattern,
  type TokenAlgorithm,
  TokenError,
  type TokenVerifier,
  userPattern,
  type VerifiedToken,
} from "./token.ts";

export interface TokenVerifierOptions {
  /** Pinned here, never by the token; a key serves only the algorithm of its kind. */
  readonly algorithms: readonly TokenAlgorithm[];
  /** kid → secret (≥ 32 bytes) or PEM public key; several may be live at once. Either this or `jwks`. */
  readonly keys?: Readonly<Record<string, string>>;
  readonly jwks?: JwksLocation & JwksOptions;
  readonly audience?: string;
  readonly issuer?: string;
  /** Seconds by which `exp` and `nbf` may be off; default 0. */
  readonly clockToleranceS?: number;
  /** ms since 1970; for tests. */
  readonly now?: () => number;
}

/** Longer ones are refused before they are looked at. */
const tokenCharactersMax = 8_192;
const nameCharactersMax = 120;
/** Seconds; the last instant that a JavaScript date can hold. */
const expiryMax = 8.64e12;

/** **Errors**: throws at start for keys that cannot be used (see {@link createFixedKeys}). */
export function createTokenVerifier(options: TokenVerifierOptions): TokenVerifier {
  if (options.algorithms.length === 0) throw new Error("no algorithm to verify tokens with");
  const source = createSource(options);
  const { clockToleranceS = 0, now = Date.now } = options;
  return {
    async verify(token) {
      const { alg, kid } = readHeader(token);
      const algorithm = options.algorithms.find((allowed) => allowed === alg);
      if (algorithm === undefined) throw refused("the algorithm is not allowed");
      const key = await source.find(kid);
      if (key.algorithm !== algorithm) throw refused("the key serves another algorithm");
      const nowMs = now();
      try {
        const claims = jwt.verify(token, key.key, {
          algorithms: [algorithm],
          clockTimestamp: Math.floor(nowMs / 1_000),
          clockTolerance: clockToleranceS,
          ...(options.audience === undefined ? {} : { audience: options.audience }),
          ...(options.issuer === undefined ? {} : { issuer: options.issuer }),
        });
        return readClaims(claims);
      } catch (error) {
        if (error instanceof TokenError) throw error;
        const isExpired = error instanceof jwt.TokenExpiredError;
        const reason = error instanceof jwt.JsonWebTokenError ? error.message : "not verified";
        throw new TokenError(isExpired ? "token_expired" : "unauthenticated", reason, { cause: error });
      }
    },
  };
}

function createSource(options: TokenVerifierOptions): KeySource {
  if ((options.keys === undefined) === (options.jwks === undefined)) throw new Error("give either keys or jwks");
  return options.jwks === undefined ? createFixedKeys(options.keys ?? {}) : createJwksKeys(options.jwks, options.jwks);
}

/** Only `alg` and `kid` are read: `jku`, `jwk` and `x5u` would let the token bring its own key. */
function readHeader(token: unknown): { readonly alg: string; readonly kid: string | undefined } {
  if (typeof token !== "string" || token.length > tokenCharactersMax) throw refused("no token, or too long a one");
  const parts = token.split(".");
  const [header = "", , signature] = parts;
  if (parts.length !== 3 || signature === "") throw refused("not a signed token");
  const fields = parseJson(Buffer.from(header, "base64url").toString("utf8"));
  if (typeof fields !== "object" || fields === null) throw refused("its header is no object");
  const { alg, kid, crit } = fields as { alg?: unknown; kid?: unknown; crit?: unknown };
  if (typeof alg !== "string") throw refused("its header names no algorithm");
  // RFC 7515, section 4.1.11: whoever does not understand an extension that is critical must refuse.
  if (crit !== undefined) throw refused("its header has critical extensions");
  if (kid !== undefined && (typeof kid !== "string" || !kidPattern.test(kid))) throw refused("its kid is malformed");
  return { alg, kid };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new TokenError("unauthenticated", "its header is not JSON", { cause: error });
  }
}

function readClaims(claims: string | jwt.JwtPayload): VerifiedToken {
  if (typeof claims === "string") throw refused("its payload is no object");
  const { sub, exp } = claims;
  const { name, scope } = claims as { name?: unknown; scope?: unknown };
  if (typeof sub !== "string" || !userPattern.test(sub)) throw refused("sub is no user id");
  if (typeof exp !== "number" || !(exp > 0 && exp <= expiryMax)) throw refused("exp is missing or out of range");
  if (name !== undefined && !isName(name)) throw refused("name is malformed");
  if (scope !== undefined && (typeof scope !== "string" || scope.length > 256)) throw refused("scope is malformed");
  return {
    user: sub,
    expiresAt: Math.floor(exp * 1_000),
    ...(name === undefined ? {} : { name }),
    ...(scope === undefined ? {} : { scope }),
  };
}

function isName(value: unknown): value is string {
  return typeof value === "string" && value.length > 0 && value.length <= nameCharactersMax && value.isWellFormed();
}

function refused(message: string): TokenError {
  return new TokenError("unauthenticated", message);
}
