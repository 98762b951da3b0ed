import { readFile } from "node:fs/promises";
import jwksRsa from "jwks-rsa";
import { KeysUnavailableError, kidPattern, TokenError } from "./token.ts";
import { createVerificationKey, type VerificationKey } from "./verification-key.ts";

/** Finds the key that a token's `kid` names. **Errors**: TokenError for an unknown one, KeysUnavailableError. */
export interface KeySource {
  find(kid: string | undefined): Promise<VerificationKey>;
}

export type JwksLocation = { readonly file: string } | { readonly url: string };

export interface JwksOptions {
  /** ms that a key is used without asking again; default 10 minutes. */
  readonly cacheMs?: number;
  /** At most so many reads a minute, whatever strangers put into `kid`; default 10. */
  readonly readsPerMinute?: number;
}

/** Several live keys by `kid`, so that they can be rotated; a token without `kid` is served while there is one key. */
export function createFixedKeys(keys: Readonly<Record<string, string>>): KeySource {
  const byKid = new Map<string, VerificationKey>();
  for (const [kid, text] of Object.entries(keys)) {
    if (!kidPattern.test(kid)) throw new Error(`key ${JSON.stringify(kid)}: its name must match ${kidPattern}`);
    byKid.set(kid, createVerificationKey(kid, text));
  }
  if (byKid.size === 0) throw new Error("no key to verify tokens with");
  const [only] = byKid.size === 1 ? byKid.values() : [];
  return {
    async find(kid) {
      const key = kid === undefined ? only : byKid.get(kid);
      if (key === undefined) throw new TokenError("unauthenticated", "no such key");
      return key;
    },
  };
}

/**
 * A JWKS document (RFC 7517) from a file or an address, read anew when `kid` is unknown or the cache is old. Symmetric
 * keys in it are passed over. **Errors**: throws at start for an address that is neither https nor loopback.
 */
export function createJwksKeys(location: JwksLocation, options: JwksOptions = {}): KeySource {
  const client = new jwksRsa.JwksClient({
    ...("url" in location ? { jwksUri: checkedUrl(location.url) } : { fetcher: () => readJwks(location.file) }),
    cache: true,
    cacheMaxEntries: 16,
    cacheMaxAge: options.cacheMs ?? 600_000,
    rateLimit: true,
    jwksRequestsPerMinute: options.readsPerMinute ?? 10,
    timeout: 5_000,
  });
  const parsed = new Map<string, VerificationKey>();
  const parse = (kid: string, pem: string): VerificationKey => {
    const known = parsed.get(pem);
    if (known !== undefined) return known;
    const key = createVerificationKey(kid, pem);
    if (parsed.size >= 16) parsed.clear();
    parsed.set(pem, key);
    return key;
  };
  return {
    async find(kid) {
      try {
        const key = await client.getSigningKey(kid);
        return parse(kid ?? "(only)", key.getPublicKey());
      } catch (error) {
        if (error instanceof Error && error.name === "SigningKeyNotFoundError") {
          throw new TokenError("unauthenticated", "no such key", { cause: error });
        }
        throw new KeysUnavailableError("the keys cannot be read", { cause: error });
      }
    },
  };
}

async function readJwks(file: string): Promise<{ keys: unknown }> {
  const document: unknown = JSON.parse(await readFile(file, "utf8"));
  return { keys: typeof document === "object" && document !== null && "keys" in document ? document.keys : [] };
}

function checkedUrl(text: string): string {
  const url = new URL(text);
  const isLoopback = ["127.0.0.1", "[::1]", "localhost"].includes(url.hostname);
  if (url.protocol === "https:" || (url.protocol === "http:" && isLoopback)) return url.href;
  throw new Error(`the JWKS address ${url.origin} must be https, since whoever answers it can sign tokens`);
}
