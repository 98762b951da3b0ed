import type { NodeRole } from "@parley/cluster";

/** One process or, where several parts live in one process, one part. */
export interface ProcessLine {
  readonly role: NodeRole | "redis" | "store";
  readonly pid: number;
  readonly node: string;
  readonly address: string;
}

/** What the `ready` line says; scripts read it, so fields are only ever added. */
export interface Ready {
  /** One a gateway. */
  readonly ws: readonly string[];
  readonly http: readonly string[];
  readonly presence: string;
  readonly processes: readonly ProcessLine[];
  readonly data: string;
  /** `/livez`, `/readyz`, `/metrics`: one a process. */
  readonly management: readonly string[];
}

export function readyLine(ready: Ready): string {
  return `ready ${JSON.stringify(ready)}`;
}

/** role, pid and address of each process, in columns. */
export function processTable(processes: readonly ProcessLine[]): readonly string[] {
  const width = (key: "role" | "node") => Math.max(...processes.map((line) => line[key].length));
  const [roleWidth, nodeWidth] = [width("role"), width("node")];
  return processes.map(({ role, pid, node, address }) => {
    return `${role.padEnd(roleWidth)}  ${node.padEnd(nodeWidth)}  pid ${String(pid).padEnd(7)}  ${address}`;
  });
}
