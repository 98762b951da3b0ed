import { randomBytes } from "node:crypto";
import { chmod, link, mkdir, open, readFile, unlink } from "node:fs/promises";
import { join } from "node:path";
import type { SigningKey } from "./sign-token.ts";
import { kidPattern } from "./token.ts";

/** The keys of a data folder: `signing` makes new tokens, all of `keys` verify. */
export interface TokenKeys {
  readonly signing: SigningKey;
  /** kid → secret. */
  readonly keys: Readonly<Record<string, string>>;
}

/**
 * `token-key.json` of the data folder, mode 600; made at the first start. To rotate: add a key, make it `current`, and
 * remove the old one when its last token has expired.
 * **Repeat**: the same keys, also when several processes start at once. **Errors**: throws for a damaged file.
 */
export async function loadOrCreateKeyFile(dataDir: string): Promise<TokenKeys> {
  const file = join(dataDir, "token-key.json");
  const text = await readOrCreate(dataDir, file, () => {
    const kid = `k${randomBytes(6).toString("hex")}`;
    return `${JSON.stringify({ current: kid, keys: { [kid]: randomBytes(32).toString("base64url") } }, undefined, 2)}\n`;
  });
  return parseKeyFile(file, text);
}

/** `secret` of the data folder: 32 random bytes as hex, mode 600; what links and content hashes are keyed with. */
export async function loadOrCreateSecret(dataDir: string): Promise<string> {
  const file = join(dataDir, "secret");
  const text = (await readOrCreate(dataDir, file, () => `${randomBytes(32).toString("hex")}\n`)).trim();
  if (!/^[0-9a-f]{64}$/.test(text)) throw new Error(`${file} is damaged: it must hold 64 hexadecimal digits`);
  return text;
}

function parseKeyFile(file: string, text: string): TokenKeys {
  const damaged = (what: string) => new Error(`${file} is damaged: ${what}`);
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    throw new Error(`${file} is damaged: it is not JSON`, { cause: error });
  }
  if (typeof document !== "object" || document === null) throw damaged("it must hold an object");
  const { current, keys } = document as { current?: unknown; keys?: unknown };
  if (typeof keys !== "object" || keys === null) throw damaged("keys must be an object");
  const secrets: Record<string, string> = {};
  for (const [kid, secret] of Object.entries(keys)) {
    if (!kidPattern.test(kid) || typeof secret !== "string") throw damaged(`key ${JSON.stringify(kid)}`);
    secrets[kid] = secret;
  }
  const key = typeof current === "string" ? secrets[current] : undefined;
  if (typeof current !== "string" || key === undefined) throw damaged("current must name one of keys");
  return { signing: { kid: current, algorithm: "HS256", key }, keys: secrets };
}

/**
 * A hard link is made whole or not at all, and refuses to replace: of two processes that start at once, one wins and
 * both read the winner's file. (A rename would let the second overwrite a key that is in use already.)
 */
async function readOrCreate(dataDir: string, file: string, make: () => string): Promise<string> {
  const found = await readIfThere(file);
  if (found !== undefined) return found;
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const temporary = `${file}.${randomBytes(8).toString("hex")}`;
  const handle = await open(temporary, "wx", 0o600);
  try {
    await handle.writeFile(make());
    await handle.sync();
  } finally {
    await handle.close();
  }
  try {
    await chmod(temporary, 0o600);
    await link(temporary, file);
  } catch (error) {
    if (!hasCode(error, "EEXIST")) throw error;
  } finally {
    await unlink(temporary);
  }
  return await readFile(file, "utf8");
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
