import { type RunningServer, startChild } from "./child.ts";
import { ensureFerretdb } from "./ferretdb.ts";
import { dataFolder, findCommand } from "./folders.ts";
import { askMongo } from "./mongo-command.ts";
import { findFreePort, GaveUp, waitUntil } from "./ports.ts";

export interface MongoOptions {
  /** Data folder; a temporary one, removed at close, when missing. */
  readonly dir?: string;
  /** 0 or missing picks a free one. */
  readonly port?: number;
  /** False leaves out the flush of each commit (FerretDB): for tests that are not about it. Default true. */
  readonly durable?: boolean;
  /** Told of slow steps (a build). */
  readonly onProgress?: (line: string) => void;
}

const startTimeoutMs = 30_000;

/**
 * A server that speaks the MongoDB wire protocol: `PARLEY_TEST_MONGODB_URL`, else a `mongod` on the PATH (as a replica
 * set of one, since majority writes need one), else FerretDB, built once.
 * **Errors**: an Error that names all three ways when none works.
 */
export async function startMongo(options: MongoOptions = {}): Promise<RunningServer> {
  const external = process.env["PARLEY_TEST_MONGODB_URL"];
  if (external !== undefined && external !== "") {
    return { url: external, kind: "external", close: async () => {} };
  }
  const mongod = await findCommand("mongod");
  if (mongod !== undefined) return startMongod(mongod, options);
  return startFerretdb(options);
}

/** FerretDB on 127.0.0.1, whatever else there is. */
export async function startFerretdb(options: MongoOptions = {}): Promise<RunningServer> {
  const command = await ensureFerretdb(options.onProgress);
  const folder = await dataFolder(options.dir);
  let url = "";
  const durable = options.durable === false ? ["-durable=false"] : [];
  const listen = ["-listen", `127.0.0.1:${options.port ?? 0}`];
  const child = await startChild(command, ["-dir", folder.path, ...listen, ...durable], (line) => {
    url ||= /^url (\S+)$/.exec(line)?.[1] ?? "";
  });
  const close = async () => {
    await child.close();
    await folder.remove();
  };
  try {
    await waitUntil("an answer of FerretDB", startTimeoutMs, async () => {
      if (child.hasExited()) throw new GaveUp(`FerretDB ended: ${child.tail()}`);
      return url !== "" && (await askMongo(Number(new URL(url).port), { ping: 1 }))["ok"] === 1;
    });
  } catch (error) {
    await close();
    throw error;
  }
  return { url, kind: "ferretdb", pid: child.pid, gone: child.gone, close };
}

async function startMongod(command: string, options: MongoOptions): Promise<RunningServer> {
  const folder = await dataFolder(options.dir);
  const port = options.port || (await findFreePort());
  const name = "parley";
  const child = await startChild(command, [
    ...["--dbpath", folder.path, "--port", String(port), "--bind_ip", "127.0.0.1", "--replSet", name],
    ...["--wiredTigerCacheSizeGB", "0.25"],
  ]);
  const close = async () => {
    await child.close();
    await folder.remove();
  };
  try {
    const members = [{ _id: 0, host: `127.0.0.1:${port}` }];
    await waitUntil("an answer of mongod", startTimeoutMs, async () => {
      if (child.hasExited()) throw new GaveUp(`mongod ended: ${child.tail()}`);
      return (await askMongo(port, { ping: 1 }))["ok"] === 1;
    });
    // Refused as "already initialized" on a folder used before; the wait below decides.
    await askMongo(port, { replSetInitiate: { _id: name, members } });
    await waitUntil("a primary", startTimeoutMs, async () => {
      return (await askMongo(port, { hello: 1 }))["isWritablePrimary"] === true;
    });
  } catch (error) {
    await close();
    throw error;
  }
  return {
    url: `mongodb://127.0.0.1:${port}/?replicaSet=${name}`,
    kind: "mongod",
    pid: child.pid,
    gone: child.gone,
    close,
  };
}
