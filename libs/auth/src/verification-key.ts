import { createPublicKey, createSecretKey, type KeyObject } from "node:crypto";
import type { TokenAlgorithm } from "./token.ts";

/** A key together with the one algorithm that it serves: so no public key ever works as an HMAC secret. */
export interface VerificationKey {
  readonly algorithm: TokenAlgorithm;
  readonly key: KeyObject;
}

/** RFC 7518, section 3.2: an HS256 key is at least as long as the hash. */
const secretBytesMin = 32;
/** RFC 7518, section 3.3. */
const rsaBitsMin = 2_048;

/**
 * A PEM is a public key (RSA → RS256, P-256 → ES256), anything else an HS256 secret, taken as UTF-8.
 * **Errors**: throws at start for a short secret, a small RSA key and a foreign curve, naming `kid`, never the key.
 */
export function createVerificationKey(kid: string, text: string): VerificationKey {
  return text.includes("-----BEGIN") ? readPem(kid, text) : readSecret(kid, text);
}

function readSecret(kid: string, text: string): VerificationKey {
  const bytes = Buffer.from(text, "utf8");
  if (bytes.length < secretBytesMin) {
    throw new Error(`key ${kid}: the secret has ${bytes.length} bytes, it must have at least ${secretBytesMin}`);
  }
  return { algorithm: "HS256", key: createSecretKey(bytes) };
}

function readPem(kid: string, text: string): VerificationKey {
  const key = createPublicKey(text);
  const { modulusLength = 0, namedCurve } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === "rsa") {
    if (modulusLength >= rsaBitsMin) return { algorithm: "RS256", key };
    throw new Error(`key ${kid}: the RSA key has ${modulusLength} bits, it must have at least ${rsaBitsMin}`);
  }
  if (key.asymmetricKeyType === "ec" && namedCurve === "prime256v1") return { algorithm: "ES256", key };
  throw new Error(`key ${kid}: ${key.asymmetricKeyType} ${namedCurve ?? ""} is neither RSA nor P-256`);
}
