export { loadOrCreateKeyFile, loadOrCreateSecret, type TokenKeys } from "./key-file.ts";
export { type SigningKey, signToken, type TokenClaims } from "./sign-token.ts";
export {
  KeysUnavailableError,
  type TokenAlgorithm,
  TokenError,
  type TokenVerifier,
  type VerifiedToken,
} from "./token.ts";
export { createTokenVerifier, type TokenVerifierOptions } from "./token-verifier.ts";
