import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";

const entry = fileURLToPath(new URL("./run.mjs", import.meta.url));

function run(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [entry, ...args], (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

test.each(["", "nonsense", "constructor", "../run"])(
  "command %j is refused, and the commands are named",
  async (name) => {
    const { code, stdout, stderr } = await run(name);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain(
      "start, cluster, token, chat, simulate, prove, simulate:deterministic, bench, test, check",
    );
  },
);

test("what the command prints and its exit code are passed on, and nothing is added to stdout", async () => {
  const data = await mkdtemp(join(tmpdir(), "parley-bootstrap-"));
  onTestFinished(() => rm(data, { recursive: true }));
  const good = await run("token", "--user", "ada", "--data", data);
  expect(good.code).toBe(0);
  expect(good.stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
  const bad = await run("token", "--user", "no good", "--data", data);
  expect({ code: bad.code, stdout: bad.stdout }).toEqual({ code: 2, stdout: "" });
});
