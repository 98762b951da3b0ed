import { execFile } from "node:child_process";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createTokenVerifier, loadOrCreateKeyFile } from "@parley/auth";
import { expect, onTestFinished, test } from "vitest";

const module = fileURLToPath(new URL("./token.ts", import.meta.url));

function run(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [module, ...args], (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

async function createFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "parley-token-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

test("prints a token for the data folder and nothing else, and the key has mode 600", async () => {
  const data = await createFolder();
  const { code, stdout, stderr } = await run("--user", "ada", "--data", data, "--scope", "admin", "--expires", "2h");
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
  expect((await stat(join(data, "token-key.json"))).mode & 0o777).toBe(0o600);
  const verifier = createTokenVerifier({ algorithms: ["HS256"], keys: (await loadOrCreateKeyFile(data)).keys });
  const verified = await verifier.verify(stdout.trim());
  expect(verified).toMatchObject({ user: "ada", scope: "admin" });
  const hours = (verified.expiresAt - Date.now()) / 3_600_000;
  expect(hours).toBeGreaterThan(1.9);
  expect(hours).toBeLessThanOrEqual(2);
});

test.each([
  [[], "--user is missing"],
  [["--user", "a b"], '--user is "a b": it must be 1 to 64 characters'],
  [["--user", "ada", "--expires", "soon"], "--expires"],
  [["--user", "ada", "--usr", "x"], "--usr"],
])("%j is refused with a sentence and exit code 2, and prints no token", async (args, sentence) => {
  const data = await createFolder();
  const { code, stdout, stderr } = await run(...args, "--data", data);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toContain(sentence);
});
