// What `npm start`, `npm test` and the others run: plain JavaScript for any Node from 20.19 on. It installs what is
// missing and hands over to the Node that the lockfile pins.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ensureInstalled, pinnedNode } from "./install.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** `isService`: it drains when this process is gone, however it went. */
const commands = {
  start: { file: "infra/run/src/start.ts", isService: true },
  cluster: { file: "infra/run/src/cluster.ts", isService: true },
  token: { file: "infra/run/src/token.ts" },
  chat: { file: "libs/terminal/src/main.ts" },
  simulate: { file: "libs/simulator/src/main.ts" },
  prove: { file: "infra/prove/src/main.ts" },
  "simulate:deterministic": { file: "chat-server/src/simulation/run.ts" },
  bench: { file: "libs/simulator/src/bench/main.ts" },
  test: { file: "infra/run/src/tooling/test.ts" },
  check: { file: "infra/run/src/tooling/check.ts" },
  docs: { file: "infra/run/src/tooling/docs.ts" },
  capacity: { file: "infra/capacity/src/main.ts" },
};

const [name = "", ...rest] = process.argv.slice(2);
const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);

if (command === undefined || !existsSync(join(root, command.file))) {
  fail(`there is no command ${JSON.stringify(name)}; there are ${Object.keys(commands).join(", ")}`);
} else if (major < 20 || (major === 20 && minor < 19)) {
  fail(`Node ${process.versions.node} is too old to begin with; 20.19 or newer is needed`);
} else {
  try {
    await ensureInstalled(root);
    run(command);
  } catch (error) {
    fail(error.message);
  }
}

function run({ file, isService }) {
  const child = spawn(pinnedNode(root), ["--disable-warning=ExperimentalWarning", join(root, file), ...rest], {
    // The channel tells a service that we are gone; nothing is said on it.
    stdio: isService ? ["inherit", "inherit", "inherit", "ipc"] : "inherit",
  });
  // A terminal sends Ctrl-C to both of us and npm forwards what it gets: a second signal must not hurt the child.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  if (isService && process.env.npm_lifecycle_event !== undefined) followNpm(child);
  child.on("error", (error) => fail(`${pinnedNode(root)} could not be started: ${error.message}`));
  child.on("exit", (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

/** npm that is killed hard tells nobody: its service would go on unseen and keep the port. */
function followNpm(child) {
  const npm = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid !== npm) child.kill("SIGTERM");
  }, 1_000);
  timer.unref();
}

function fail(message) {
  process.stderr.write(`Parley: ${message}\n`);
  process.exitCode = 1;
}
