import { type ChildProcess, fork } from "node:child_process";
import { isChildMessage, type Up } from "./child-message.ts";

export interface ChildSpec {
  readonly node: string;
  readonly role: string;
  readonly environment: Readonly<Record<string, string>>;
}

export interface SupervisorOptions {
  /** The module that each child runs. */
  readonly module: string;
  readonly say: (line: string) => void;
  /** Told of each start after the first. */
  readonly onBack?: (spec: ChildSpec, pid: number, up: Up) => void;
  /** Told of each end, wanted or not, before anything is done about it. */
  readonly onExit?: (exit: ChildExit) => void;
  /** Told of what a child says that is not the supervisor's business. */
  readonly onMessage?: (spec: ChildSpec, message: unknown) => void;
  /** File descriptor that the children's stdout and stderr go to. Default: the stderr of this process. */
  readonly output?: number;
}

export interface ChildExit {
  readonly spec: ChildSpec;
  readonly pid: number;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** {@link Supervisor.stop} or `kill` asked for it. */
  readonly isWanted: boolean;
}

export interface Child {
  readonly spec: ChildSpec;
  readonly pid: number;
  readonly up: Up;
}

export interface Supervisor {
  /** Resolves when the child says that it is up. **Errors**: rejects when it ends before that. */
  start(spec: ChildSpec): Promise<Child>;
  /** Drains these nodes by SIGTERM and resolves when they are gone; after `limitMs` they are killed. */
  stop(nodes: readonly string[], limitMs: number): Promise<void>;
  /** **Errors**: false where the node is not there to hear it. */
  send(node: string, message: Readonly<Record<string, unknown>>): boolean;
  /** Kills what is left. */
  kill(): void;
}

const firstDelayMs = 500;
const longestDelayMs = 10_000;
/** A child that lived for so long has earned a quick restart again. */
const stableMs = 60_000;

interface Watched {
  spec: ChildSpec;
  child: ChildProcess;
  restarts: number;
  isStopping: boolean;
  timer: NodeJS.Timeout | undefined;
}

/**
 * Runs processes of the fleet. One that dies is reported and started again at its old addresses, with growing pauses;
 * the others notice what its absence does and nothing else. One that ends with 0 after it was up was drained, by SIGTERM
 * or by an operator's wish: it is started again at once, and that does not count as a crash.
 */
export function createSupervisor(options: SupervisorOptions): Supervisor {
  const { module, say, onBack, output = 2 } = options;
  const watched = new Map<string, Watched>();

  function launch(spec: ChildSpec): ChildProcess {
    return fork(module, [], {
      env: { ...process.env, ...spec.environment },
      execArgv: ["--disable-warning=ExperimentalWarning"],
      // Logs go to stderr; stdout is ours alone, since scripts read it.
      stdio: ["ignore", output, output, "ipc"],
      // Ctrl-C goes to the whole group of a terminal: we alone hear it, and end the parts in their order.
      detached: true,
    });
  }

  function attend(entry: Watched, resolve: (up: Up) => void, reject: (error: Error) => void): void {
    const { child, spec } = entry;
    const name = `${spec.role} ${spec.node}`;
    const startedAt = performance.now();
    let isUp = false;
    child.on("message", (message) => {
      if (!isChildMessage(message)) return options.onMessage?.(spec, message);
      if (message.kind === "say") return say(`${spec.node}: ${message.line}`);
      isUp = true;
      entry.spec = { ...spec, environment: { ...spec.environment, ...message.up.environment } };
      resolve(message.up);
    });
    child.once("error", (error) => reject(new Error(`${name} could not be started`, { cause: error })));
    child.once("exit", (code, signal) => {
      options.onExit?.({ spec, pid: child.pid ?? 0, code, signal, isWanted: entry.isStopping });
      if (entry.isStopping) return;
      if (isUp && code === 0) {
        // It was asked to drain and has done so: no crash, so that a rolling restart is to drain each in turn.
        say(`${name} (pid ${child.pid}) has drained and ended; starting it anew`);
        return restart(entry);
      }
      const how = signal ?? `exit code ${code}`;
      if (!isUp && entry.restarts === 0) {
        watched.delete(spec.node);
        return reject(new Error(`${name} ended before it was up (${how})`));
      }
      if (performance.now() - startedAt > stableMs) entry.restarts = 0;
      const delayMs = Math.min(firstDelayMs * 2 ** entry.restarts, longestDelayMs);
      entry.restarts += 1;
      say(`${name} (pid ${child.pid}) died: ${how}; starting it again in ${delayMs / 1_000} s`);
      entry.timer = setTimeout(() => restart(entry), delayMs);
    });
  }

  function restart(entry: Watched): void {
    entry.child = launch(entry.spec);
    const back = (up: Up): void => {
      const { pid = 0 } = entry.child;
      say(`${entry.spec.role} ${entry.spec.node} is back: pid ${pid}`);
      onBack?.(entry.spec, pid, up);
    };
    attend(entry, back, (error) => say(error.message));
  }

  return {
    start(spec) {
      const entry: Watched = { spec, child: launch(spec), restarts: 0, isStopping: false, timer: undefined };
      watched.set(spec.node, entry);
      return new Promise((resolve, reject) => {
        attend(entry, (up) => resolve({ spec: entry.spec, pid: entry.child.pid ?? 0, up }), reject);
      });
    },
    async stop(nodes, limitMs) {
      await Promise.all(
        nodes.map((node) => {
          const entry = watched.get(node);
          return entry === undefined ? undefined : end(entry, limitMs);
        }),
      );
    },
    send(node, message) {
      const child = watched.get(node)?.child;
      // A child that is going says nothing of what it did not hear: whoever sends must see its effect.
      return child?.connected === true && child.send(message, () => {});
    },
    kill() {
      for (const entry of watched.values()) {
        entry.isStopping = true;
        clearTimeout(entry.timer);
        entry.child.kill("SIGKILL");
      }
    },
  };
}

function end(entry: Watched, limitMs: number): Promise<void> {
  entry.isStopping = true;
  clearTimeout(entry.timer);
  const { child } = entry;
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(() => child.kill("SIGKILL"), limitMs);
    child.once("exit", () => {
      clearTimeout(timer);
      resolve();
    });
    child.kill("SIGTERM");
  });
}
