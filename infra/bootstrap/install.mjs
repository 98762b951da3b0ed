import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** As in `packageManager` of package.json; npm brings npx, npx brings pnpm, pnpm brings the rest. */
const pnpm = "pnpm@10.34.8";
const inputs = ["pnpm-lock.yaml", "pnpm-workspace.yaml"];

/**
 * Installs the workspace unless the lockfile is the one that was installed last, so that a second start costs nothing.
 * All output goes to stderr: stdout belongs to the command. Two commands that start at once install one after the other.
 * @param {string} root
 * @returns {Promise<void>} **Errors**: rejects with a sentence when the installation fails.
 */
export async function ensureInstalled(root) {
  const stamp = stampOf(root);
  if (isInstalled(root, stamp)) return;
  const release = await takeLock(join(root, "node_modules"));
  try {
    if (isInstalled(root, stamp)) return;
    process.stderr.write("Parley: installing its packages (once; some 20 seconds on a fast line)\n");
    const started = Date.now();
    install(root);
    writeFileSync(stampFile(root), stamp);
    process.stderr.write(`Parley: installed in ${((Date.now() - started) / 1000).toFixed(0)} s\n`);
  } finally {
    release();
  }
}

/** The Node that the lockfile pins: TypeScript sources run on it as they are. @param {string} root */
export function pinnedNode(root) {
  return join(root, "node_modules", "node", "bin", process.platform === "win32" ? "node.exe" : "node");
}

function install(root) {
  const reporter = process.stderr.isTTY ? "default" : "append-only";
  // npm hands its own settings down as npm_config_*, and pnpm warns about those that it does not know.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_config_/i.test(name)));
  for (const name of ["npm_config_registry", "npm_config_cache", "npm_config_userconfig", "npm_config_globalconfig"]) {
    if (process.env[name] !== undefined) env[name] = process.env[name];
  }
  const done = spawnSync("npx", ["--yes", pnpm, "install", "--frozen-lockfile", `--reporter=${reporter}`], {
    cwd: root,
    stdio: ["ignore", 2, 2],
    env,
  });
  if (done.error !== undefined) throw new Error(`npx could not be started: ${done.error.message}`);
  if (done.status !== 0)
    throw new Error(`the installation failed (${pnpm} install, exit code ${done.status ?? done.signal})`);
}

function stampOf(root) {
  const hash = createHash("sha256").update(`${process.platform} ${process.arch} ${pnpm}\n`);
  for (const file of inputs) hash.update(readFileSync(join(root, file)));
  return hash.digest("hex");
}

function stampFile(root) {
  return join(root, "node_modules", ".parley-installed");
}

function isInstalled(root, stamp) {
  const file = stampFile(root);
  return existsSync(file) && readFileSync(file, "utf8") === stamp && existsSync(pinnedNode(root));
}

/** A rename onto a folder that is not empty fails: one process wins. A lock whose owner is gone is taken over. */
async function takeLock(modules) {
  const lock = join(modules, ".parley-install.lock");
  const mine = `${lock}.${process.pid}`;
  mkdirSync(mine, { recursive: true });
  writeFileSync(join(mine, "pid"), String(process.pid));
  for (let said = false; ; said = true) {
    try {
      renameSync(mine, lock);
      return () => rmSync(lock, { recursive: true, force: true });
    } catch (error) {
      if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error;
    }
    if (!isOwned(lock)) rmSync(lock, { recursive: true, force: true });
    else if (!said) process.stderr.write("Parley: waiting for another command that is installing\n");
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}

function isOwned(lock) {
  try {
    process.kill(Number(readFileSync(join(lock, "pid"), "utf8")), 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}
