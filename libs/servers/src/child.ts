import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** A server that runs as a child process of this one, or one that was there before (then without a pid). */
export interface RunningServer {
  /** How clients reach it. */
  readonly url: string;
  /** What it is, for a line on the screen. */
  readonly kind: "redis" | "redis-cluster" | "mongod" | "ferretdb" | "external";
  /** Absent for a server that somebody else started. */
  readonly pid?: number;
  /** Resolves when the process is gone, however it went; absent for a server that somebody else started. */
  readonly gone?: Promise<void>;
  /** Ends it and waits until it is gone. **Repeat**: a second call waits for the same end. */
  close(): Promise<void>;
}

export interface ServerChild {
  readonly pid: number;
  readonly gone: Promise<void>;
  readonly hasExited: () => boolean;
  /** What it said last, for error messages. */
  readonly tail: () => string;
  close(): Promise<void>;
}

const stopGraceMs = 5_000;
const tailLinesMax = 20;

// The shell starts the server, names its pid and waits. When this process ends, however it ends, the kernel closes
// the pipe, `cat` sees the end and the server is stopped: no server outlives a test that was killed.
const watchdog = `
exec 4<&0
"$@" </dev/null 4<&- &
child=$!
echo "pid $child"
( cat <&4 >/dev/null; kill -TERM $child 2>/dev/null; sleep 2; kill -KILL $child 2>/dev/null ) >/dev/null 2>&1 &
watcher=$!
exec 4<&-
wait $child
code=$?
kill $watcher 2>/dev/null
exit $code
`;

/**
 * Starts a server that dies with this process, also when this process is killed by SIGKILL. It gets its own process
 * group: Ctrl-C in a terminal must reach the server's users first.
 * **Errors**: when the command can't be started or ends before it has named its pid.
 */
export async function startChild(
  command: string,
  args: readonly string[],
  onLine: (line: string) => void = () => {},
): Promise<ServerChild> {
  const shell = spawn("/bin/sh", ["-c", watchdog, "parley-watchdog", command, ...args], {
    detached: true,
    stdio: ["pipe", "pipe", "pipe"],
  });
  const tail: string[] = [];
  const keep = (line: string) => {
    tail.push(line);
    if (tail.length > tailLinesMax) tail.shift();
  };
  createInterface({ input: shell.stderr }).on("line", keep);
  let namePid: (pid: number) => void = () => {};
  const pidNamed = new Promise<number>((resolve) => {
    namePid = resolve;
  });
  createInterface({ input: shell.stdout }).on("line", (line) => {
    const named = /^pid (\d+)$/.exec(line);
    if (named !== null) return namePid(Number(named[1]));
    keep(line);
    onLine(line);
  });
  const gone = new Promise<void>((resolve) => shell.once("close", () => resolve()));
  const failed = new Promise<never>((_, reject) => shell.once("error", reject));
  const early = gone.then(() => {
    throw new Error(`${command} ended at once: ${tail.join(" | ")}`);
  });
  early.catch(() => {});
  failed.catch(() => {});
  const pid = await Promise.race([pidNamed, failed, early]);
  // A server must not keep a finished process alive; the pipe ends it.
  unrefAll(shell);
  return {
    pid,
    gone,
    hasExited: () => shell.exitCode !== null || shell.signalCode !== null,
    tail: () => tail.join(" | "),
    close: () => stop(shell, pid, gone),
  };
}

function unrefAll(shell: ChildProcess): void {
  shell.unref();
  for (const stream of [shell.stdin, shell.stdout, shell.stderr]) {
    if (stream !== null && "unref" in stream && typeof stream.unref === "function") stream.unref();
  }
}

async function stop(shell: ChildProcess, pid: number, gone: Promise<void>): Promise<void> {
  shell.ref();
  signal(pid, "SIGTERM");
  const timer = setTimeout(() => signal(pid, "SIGKILL"), stopGraceMs);
  // Ends the watchdog's `cat`; its later signals find nobody.
  shell.stdin?.destroy();
  shell.stdout?.resume();
  shell.stderr?.resume();
  await gone;
  clearTimeout(timer);
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // ESRCH: it is gone already, which is what was wanted.
  }
}
