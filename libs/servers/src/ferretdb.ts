import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFile, mkdir, mkdtemp, open, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { cacheFolder, findCommand } from "./folders.ts";

const sourceFolder = join(import.meta.dirname, "..", "ferretdb");
const sourceFiles = ["main.go", "front.go", "id_index.go", "id_finds.go", "stored_document.go", "go.mod", "go.sum"];
const buildTimeoutMs = 10 * 60_000;
const lockPollMs = 250;

/**
 * Path of FerretDB, built with Go into the cache at the first call (a minute or two) and found there later. The name
 * holds a hash of the sources, so that a new version is built anew. Several processes may call at once: one builds.
 * **Errors**: an Error that names the ways to a MongoDB-wire server when Go is missing or the build fails.
 */
export async function ensureFerretdb(onProgress: (line: string) => void = () => {}): Promise<string> {
  const hash = createHash("sha256");
  for (const file of sourceFiles) hash.update(await readFile(join(sourceFolder, file)));
  const folder = join(cacheFolder(), "ferretdb");
  const target = join(folder, `ferretdb-${hash.digest("hex").slice(0, 16)}`);
  if (await exists(target)) return target;
  await mkdir(folder, { recursive: true });
  const release = await takeLock(`${target}.lock`);
  try {
    if (!(await exists(target))) await build(folder, target, onProgress);
  } finally {
    await release();
  }
  return target;
}

async function build(folder: string, target: string, onProgress: (line: string) => void): Promise<void> {
  const ways = "set PARLEY_TEST_MONGODB_URL, put mongod on the PATH, or install Go (FerretDB is built with it)";
  const go = await findCommand("go");
  if (go === undefined) throw new Error(`no MongoDB-wire server: ${ways}`);
  onProgress("building FerretDB with Go (once, a minute or two)");
  const work = await mkdtemp(join(folder, "build-"));
  try {
    // Outside the workspace, so that no go.work or vendor folder above it has a say.
    for (const file of sourceFiles) await copyFile(join(sourceFolder, file), join(work, file));
    const output = await run(go, ["build", "-trimpath", "-mod=readonly", "-o", "ferretdb", "."], work);
    if (output !== undefined) throw new Error(`FerretDB could not be built (${output}); ${ways}`);
    await rename(join(work, "ferretdb"), target);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Resolves to undefined, or to the last lines of what went wrong. */
function run(command: string, args: readonly string[], cwd: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const env = { ...process.env, GOWORK: "off", CGO_ENABLED: "0" };
    const child = spawn(command, args, { cwd, env, stdio: ["ignore", "ignore", "pipe"], timeout: buildTimeoutMs });
    let said = "";
    child.stderr.on("data", (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-1_000);
    });
    child.once("error", (error) => resolve(error.message));
    child.once("close", (code) => resolve(code === 0 ? undefined : said.trim() || `exit code ${code}`));
  });
}

/** A lock file that names its owner's pid; one whose owner is gone counts for nothing. */
async function takeLock(path: string): Promise<() => Promise<void>> {
  for (;;) {
    try {
      const file = await open(path, "wx");
      await file.writeFile(String(process.pid));
      await file.close();
      return () => rm(path, { force: true });
    } catch (error) {
      if (!(error instanceof Error) || !("code" in error) || error.code !== "EEXIST") throw error;
    }
    const owner = Number(await readFile(path, "utf8").catch(() => ""));
    if (owner > 0 && !isAlive(owner)) await rm(path, { force: true });
    else await new Promise((resolve) => setTimeout(resolve, lockPollMs));
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
