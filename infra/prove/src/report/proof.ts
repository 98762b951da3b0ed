import { execFile } from "node:child_process";
import { cpus, loadavg, release, tmpdir, totalmem } from "node:os";
import { promisify } from "node:util";
import type { Row } from "../row.ts";
import type { RunResult } from "../run/result.ts";

/** Everything that the page tells; written as it is to proof.json. */
export interface Proof {
  readonly madeAt: string;
  /** When the first of its runs ended, where it was made in several sittings (of the same sources). */
  readonly since?: string;
  readonly commit: string;
  readonly machine: Readonly<Record<string, string>>;
  readonly tookMs: number;
  readonly rows: readonly ProvenRow[];
}

export interface ProvenRow extends Pick<Row, "number" | "title" | "how" | "topology"> {
  readonly runs: readonly RunResult[];
}

/** So that a page never tells where on somebody's machine it was made. */
export function hidePaths<T>(value: T, root: string): T {
  const text = JSON.stringify(value).replaceAll(root.replace(/\/$/, ""), ".").replaceAll(tmpdir(), "TMP");
  return JSON.parse(text);
}

export async function describeMachine(root: string): Promise<Pick<Proof, "commit" | "machine">> {
  const [commit, changes, redis, python] = await Promise.all([
    say("git", ["-C", root, "rev-parse", "--short=12", "HEAD"]),
    say("git", ["-C", root, "status", "--porcelain"]),
    say("redis-server", ["--version"]),
    say("python3", ["--version"]),
  ]);
  const [cpu] = cpus();
  const mongod = await say("mongod", ["--version"]);
  return {
    commit: `${commit || "unknown"}${changes === "" ? "" : " and changes that were not committed"}`,
    machine: {
      processor: `${cpus().length} × ${cpu?.model ?? "unknown"}`,
      memory: `${Math.round(totalmem() / 1024 ** 3)} GiB`,
      kernel: `${process.platform} ${release()}`,
      "load before": loadavg()
        .map((load) => load.toFixed(1))
        .join(", "),
      node: process.versions.node,
      redis: /v=([\d.]+)/.exec(redis)?.[1] ?? "unknown",
      store:
        mongod === ""
          ? "FerretDB (MongoDB wire protocol on SQLite), flushed at each commit"
          : (mongod.split("\n")[0] ?? "mongod"),
      "second checker": python || "no Python here",
    },
  };
}

/** "" where the command is not there. */
async function say(command: string, args: readonly string[]): Promise<string> {
  try {
    return (await promisify(execFile)(command, args)).stdout.trim();
  } catch {
    return "";
  }
}
