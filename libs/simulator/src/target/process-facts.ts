import { readdir, readFile, readlink } from "node:fs/promises";

/**
 * TCP connections of a process to a port of this machine that stand right now. **Source**: proc(5), /proc/net/tcp:
 * addresses as hexadecimal, state 01 is "established", the inode names the socket that the process holds.
 */
export async function countConnections(pid: number, port: number): Promise<number> {
  const held = await socketsOf(pid);
  const tables = await Promise.all(["tcp", "tcp6"].map((name) => readFile(`/proc/${pid}/net/${name}`, "utf8")));
  return tables
    .flatMap((table) => table.split("\n").slice(1))
    .map((row) => row.trim().split(/\s+/))
    .filter(([, , remote = "", state, , , , , , inode = ""]) => {
      return state === "01" && Number.parseInt(remote.split(":")[1] ?? "", 16) === port && held.has(inode);
    }).length;
}

async function socketsOf(pid: number): Promise<ReadonlySet<string>> {
  const files = await readdir(`/proc/${pid}/fd`);
  const targets = await Promise.all(files.map((file) => readlink(`/proc/${pid}/fd/${file}`).catch(() => "")));
  return new Set(targets.flatMap((target) => /^socket:\[(\d+)\]$/.exec(target)?.[1] ?? []));
}

/** Resident memory, bytes. */
export function residentBytes(pid: number): Promise<number> {
  return fromStatus(pid, "VmRSS");
}

/**
 * Resident memory that is no file's, bytes. The pages of a file that is mapped (the embedded store maps its own) count as
 * resident too, but are the kernel's to take back at any time, and grow with the file.
 */
export function ownBytes(pid: number): Promise<number> {
  return fromStatus(pid, "RssAnon");
}

/** **Source**: proc(5), status. */
async function fromStatus(pid: number, field: string): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  const kilobytes = new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(status)?.[1];
  return Number(kilobytes ?? Number.NaN) * 1_024;
}

/** CPU that the process has used so far, seconds. The kernel counts in hundredths. **Source**: proc(5), stat. */
export async function cpuSeconds(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  // The name stands in brackets and may hold spaces; the numbers follow it.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
