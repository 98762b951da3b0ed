import { createTokenVerifier, loadOrCreateKeyFile, type TokenAlgorithm, type TokenVerifier } from "@parley/auth";
import type { NodeSettings } from "./settings.ts";

type TokenSettings = Pick<
  NodeSettings,
  "data" | "tokenAlgorithms" | "tokenJwks" | "tokenAudience" | "tokenIssuer" | "tokenClockToleranceS"
>;

/** The verifier of a process: keys of the data folder, or a JWKS. **Errors**: throws for keys that cannot be used. */
export async function openTokens(settings: TokenSettings): Promise<TokenVerifier> {
  const { tokenAudience: audience, tokenIssuer: issuer, tokenJwks } = settings;
  return createTokenVerifier({
    algorithms: settings.tokenAlgorithms.filter(isAlgorithm),
    clockToleranceS: settings.tokenClockToleranceS,
    ...(audience === undefined ? {} : { audience }),
    ...(issuer === undefined ? {} : { issuer }),
    ...(tokenJwks === undefined
      ? { keys: (await loadOrCreateKeyFile(settings.data)).keys }
      : { jwks: locate(tokenJwks) }),
  });
}

function locate(text: string): { file: string } | { url: string } {
  return /^https?:\/\//.test(text) ? { url: text } : { file: text };
}

function isAlgorithm(text: string): text is TokenAlgorithm {
  return text === "HS256" || text === "RS256" || text === "ES256";
}
