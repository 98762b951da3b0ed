/** Algorithms that may be configured. There is no "none", and the token never chooses. */
export type TokenAlgorithm = "HS256" | "RS256" | "ES256";

/** What a valid token says. */
export interface VerifiedToken {
  /** 1–64 characters `[A-Za-z0-9_-]`. */
  readonly user: string;
  readonly name?: string;
  /** `admin` opens the admin API. */
  readonly scope?: string;
  /** ms since 1970. */
  readonly expiresAt: number;
}

/**
 * The token is refused: `token_expired` may be mended by a fresh one of the same user, `unauthenticated` not.
 * The message is for the log; it holds no part of the token.
 */
export class TokenError extends Error {
  readonly code: "unauthenticated" | "token_expired";
  constructor(code: "unauthenticated" | "token_expired", message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "TokenError";
    this.code = code;
  }
}

/** The keys could not be read just now (a JWKS address out of reach): the token was not judged. Retryable. */
export class KeysUnavailableError extends Error {
  readonly code = "unavailable";
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "KeysUnavailableError";
  }
}

/** Verifies tokens of one configuration. */
export interface TokenVerifier {
  /** **Errors**: {@link TokenError}; {@link KeysUnavailableError} when the keys are out of reach. */
  verify(token: string): Promise<VerifiedToken>;
}

export const userPattern = /^[A-Za-z0-9_-]{1,64}$/;

/** A key's name: no path, no address, nothing to be resolved. */
export const kidPattern = /^[A-Za-z0-9_.-]{1,64}$/;
