import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createTokenVerifier, loadOrCreateKeyFile, loadOrCreateSecret, signToken } from "./index.ts";

async function createFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "parley-keys-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  return join(folder, "data");
}

test("the key is made at the first start, mode 600, and stays", async () => {
  const data = await createFolder();
  const first = await loadOrCreateKeyFile(data);
  expect((await stat(join(data, "token-key.json"))).mode & 0o777).toBe(0o600);
  expect(await loadOrCreateKeyFile(data)).toEqual(first);
  const verifier = createTokenVerifier({ algorithms: ["HS256"], keys: first.keys });
  expect((await verifier.verify(signToken({ user: "ada", expiresInS: 60, key: first.signing }))).user).toBe("ada");
});

test("the secret is 32 random bytes, mode 600, and stays", async () => {
  const data = await createFolder();
  const secret = await loadOrCreateSecret(data);
  expect(secret).toMatch(/^[0-9a-f]{64}$/);
  expect((await stat(join(data, "secret"))).mode & 0o777).toBe(0o600);
  expect(await loadOrCreateSecret(data)).toBe(secret);
});

test("calls and processes that start at once end up with one key, and leave no temporary file", async () => {
  const data = await createFolder();
  const inside = Array.from({ length: 8 }, () => loadOrCreateKeyFile(data));
  const module = new URL("./key-file.ts", import.meta.url).href;
  const source = `const { loadOrCreateKeyFile } = await import(${JSON.stringify(module)});
    process.send((await loadOrCreateKeyFile(${JSON.stringify(data)})).signing.kid);`;
  const outside = Array.from({ length: 3 }, async () => {
    const child = fork("-", [], {
      execArgv: ["--input-type=module", "--eval", source],
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    const [kid] = await once(child, "message");
    return kid;
  });
  const kids = [...(await Promise.all(inside)).map((keys) => keys.signing.kid), ...(await Promise.all(outside))];
  expect(new Set(kids).size).toBe(1);
  expect(await readdir(data)).toEqual(["token-key.json"]);
});

test.each([
  ["", "not JSON"],
  ["[]", "keys must be an object"],
  ['{"current":"a","keys":{}}', "current must name one of keys"],
  ['{"current":"a","keys":{"a":5}}', 'key "a"'],
  ['{"current":"../a","keys":{"../a":"x"}}', 'key "../a"'],
])("a damaged key file %j stops the start and is not replaced", async (text, reason) => {
  const data = await createFolder();
  await loadOrCreateSecret(data);
  await writeFile(join(data, "token-key.json"), text);
  await expect(loadOrCreateKeyFile(data)).rejects.toThrow(reason);
});

test("a damaged secret stops the start", async () => {
  const data = await createFolder();
  await loadOrCreateSecret(data);
  await writeFile(join(data, "secret"), "short");
  await expect(loadOrCreateSecret(data)).rejects.toThrow("64 hexadecimal digits");
});
