import { startBaselineFleet } from "@parley/baselines";
import { startSystem } from "../../target/system.ts";
import { createTokens } from "../../target/tokens.ts";
import type { Protocol } from "./generator/messages.ts";

/** Whose CPU it is: ours or the glue's own processes, Redis, or the store's server. */
export type UseOf = "server" | "redis" | "store";

export interface MeasuredProcess {
  readonly use: UseOf;
  /** Of Parley's processes; `server` for others. */
  readonly role: string;
  readonly pid: number;
  /** LMDB is in it: what its threads use for commits is the store's, as it would be a store's server's elsewhere. */
  readonly isStoreWithin?: true;
  /** Address of `/metrics`; Parley's own processes alone have one. */
  readonly management?: string;
}

/** A system under measurement, running. */
export interface MeasuredSystem {
  readonly protocol: Protocol;
  readonly urls: readonly string[];
  readonly processes: readonly MeasuredProcess[];
  /** URL of the Redis that its servers share; undefined where there is none. */
  readonly redis?: string | undefined;
  tokenOf(user: string): string;
  stop(): Promise<void>;
}

export interface ParleySystem extends MeasuredSystem {
  /** What its processes print, as it grows: the addresses of inspectors are in it. */
  readonly output: readonly string[];
  /** Its data folder. */
  readonly data: string;
}

export interface SystemKind {
  readonly name: string;
  readonly title: string;
  start(say: (line: string) => void): Promise<MeasuredSystem>;
}

/** What one user may send must not be what is measured; everything else stands as it is delivered. */
export const parleyEnv = {
  PARLEY_CHAT_SERVER_REQUESTS_PER_SECOND: "100000",
  PARLEY_CHAT_SERVER_REQUESTS_BURST: "100000",
};
const serverCount = 2;

export const systemKinds: readonly SystemKind[] = [
  { name: "socket.io", title: "Socket.IO + Redis adapter", start: (say) => startSocketIo(false, say) },
  { name: "glue", title: "the glue: the same + one insert a message", start: (say) => startSocketIo(true, say) },
  {
    name: "parley-joined",
    title: "Parley, roles joined in two processes, LMDB in a third",
    start: () => startParley("cluster", ["--joined", String(serverCount), "--store", "lmdb"]),
  },
  {
    name: "parley-split",
    title: "Parley, two gateways and two chat servers, LMDB in a process of its own",
    start: () => startParley("cluster", ["--gateways", "2", "--chat-servers", "2", "--store", "lmdb"]),
  },
  {
    name: "parley-joined-mongodb",
    title: "Parley, roles joined in two processes, MongoDB wire",
    start: () => startParley("cluster", ["--joined", String(serverCount)]),
  },
  {
    name: "parley-split-mongodb",
    title: "Parley, two gateways and two chat servers, MongoDB wire",
    start: () => startParley("cluster", ["--gateways", "2", "--chat-servers", "2"]),
  },
  { name: "parley-embedded", title: "Parley embedded: one process, LMDB", start: () => startParley("start", []) },
];

async function startSocketIo(isStored: boolean, say: (line: string) => void): Promise<MeasuredSystem> {
  const fleet = await startBaselineFleet({ servers: serverCount, isStored, onProgress: say });
  return {
    protocol: "socket.io",
    urls: fleet.ws,
    redis: fleet.redis,
    processes: fleet.processes.map(({ role, pid }) => ({ use: role, role, pid })),
    tokenOf: () => "",
    stop: () => fleet.stop(),
  };
}

/** `env` beside what every measured Parley is started with. **Errors**: as {@link startSystem}. */
export async function startParley(
  command: "start" | "cluster",
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<ParleySystem> {
  const system = await startSystem({ command, args: [...args, "--log-level", "warn"], env: { ...parleyEnv, ...env } });
  const tokenOf = await createTokens(system.data);
  // A process that holds several roles is listed once a role.
  const byPid = new Map<number, string[]>();
  for (const { pid, role } of system.processes) byPid.set(pid, [...(byPid.get(pid) ?? []), role]);
  return {
    protocol: "parley",
    urls: system.ws,
    output: system.output,
    data: system.data,
    redis: system.processes.find(({ role }) => role === "redis")?.address,
    processes: [...byPid].map(([pid, roles], index): MeasuredProcess => {
      const role = roles.join("+");
      // Management addresses are those of Parley's own processes, which stand before Redis and a store's server.
      const management = system.management[index];
      return {
        use: role === "redis" || role === "store" ? role : "server",
        role,
        pid,
        ...(command === "start" ? { isStoreWithin: true } : {}),
        ...(management === undefined ? {} : { management }),
      };
    }),
    tokenOf: (user) => tokenOf(user),
    async stop() {
      await system.stop();
    },
  };
}
