import { mkdir, open, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { type OutboxStorage, parseStoredRequest, type StoredRequest } from "../outbox-storage.ts";

/** A log of so many lines more than there are requests is written anew. */
const staleLinesMax = 1_000;

/**
 * Keeps the outbox of one device in a file: a line of JSON for each request put, a line `-id` for each one removed.
 * Lines are only appended, and flushed to the disk before `put` resolves; a line that a crash tore is ignored.
 *
 * **Bounds**: the file holds the unsettled requests and at most 1,000 settled ones; it is rewritten beside itself and
 * renamed. **Errors**: those of the file system. **Limits**: one process a file; two would repeat each other's requests.
 */
export function createFileStorage(path: string): OutboxStorage {
  const requests = new Map<string, StoredRequest>();
  let staleLines = 0;
  /** Lines that wait for the write under way: all of them go out in one write and one flush. */
  let waiting: string[] = [];
  let writing: Promise<void> = Promise.resolve();
  let next: Promise<void> | undefined;

  const append = (line: string): Promise<void> => {
    waiting.push(line);
    next ??= writing
      .catch(() => {})
      .then(() => {
        const lines = waiting;
        waiting = [];
        next = undefined;
        writing = staleLines > staleLinesMax ? rewrite() : write(lines.join(""));
        return writing;
      });
    return next;
  };

  const write = async (text: string): Promise<void> => {
    const file = await open(path, "a", 0o600);
    try {
      await file.appendFile(text);
      await file.datasync();
    } finally {
      await file.close();
    }
  };

  const rewrite = async (): Promise<void> => {
    staleLines = 0;
    const beside = `${path}.new`;
    const file = await open(beside, "w", 0o600);
    try {
      await file.writeFile([...requests.values()].map(toLine).join(""));
      await file.datasync();
    } finally {
      await file.close();
    }
    await rename(beside, path);
  };

  return {
    load: async () => {
      await mkdir(dirname(path), { recursive: true });
      for (const line of await readLines(path)) {
        if (line.startsWith("-")) requests.delete(line.slice(1));
        else {
          const request = parseStoredRequest(line);
          if (request !== undefined) requests.set(request.id, request);
        }
      }
      await rewrite();
      return [...requests.values()];
    },
    put: (request) => {
      if (requests.has(request.id)) staleLines += 1;
      requests.set(request.id, request);
      return append(toLine(request));
    },
    remove: async (id) => {
      if (!requests.delete(id)) return;
      staleLines += 2;
      await append(`-${id}\n`);
    },
  };
}

function toLine(request: StoredRequest): string {
  return `${JSON.stringify(request)}\n`;
}

async function readLines(path: string): Promise<readonly string[]> {
  try {
    const text = await readFile(path, "utf8");
    return text.split("\n");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
}
