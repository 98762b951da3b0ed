import { once } from "node:events";
import { connect } from "node:net";

/** Of the measurement itself. */
const ownCommands = new Set(["info", "auth"]);

/**
 * Calls of each command since Redis started, those inside scripts among them; without the ones that look.
 * **Errors**: rejects where Redis can't be reached or refuses.
 */
export async function readRedisCommands(url: string): Promise<ReadonlyMap<string, number>> {
  return parseCommandStats(await readRedisInfo(url, "commandstats"));
}

/**
 * What Redis says of itself, over a connection of its own. **Errors**: rejects where it can't be reached or refuses.
 * **Source**: redis.io, "INFO"; "Redis serialization protocol specification", inline commands and bulk strings.
 */
export async function readRedisInfo(url: string, section: string): Promise<string> {
  const { hostname, port, password } = new URL(url);
  const socket = connect(Number(port), hostname);
  try {
    await once(socket, "connect");
    if (password !== "") {
      socket.write(`AUTH ${decodeURIComponent(password)}\r\n`);
      await once(socket, "data");
    }
    socket.write(`INFO ${section}\r\n`);
    let answer = "";
    for (;;) {
      const [data]: unknown[] = await once(socket, "data");
      answer += String(data);
      const body = parseBulk(answer);
      if (body !== undefined) return body;
    }
  } finally {
    socket.destroy();
  }
}

/** Undefined until it is there whole; it is plain ASCII. **Errors**: throws at what is no bulk string. */
export function parseBulk(answer: string): string | undefined {
  const end = answer.indexOf("\r\n");
  if (end === -1) return undefined;
  const length = /^\$(\d+)$/.exec(answer.slice(0, end))?.[1];
  if (length === undefined) throw new Error(`Redis answered ${answer.slice(0, end)}`);
  const body = answer.slice(end + 2, end + 2 + Number(length));
  return body.length < Number(length) ? undefined : body;
}

/** Lines as `cmdstat_publish:calls=3,usec=5,…`. */
export function parseCommandStats(info: string): ReadonlyMap<string, number> {
  const calls = [...info.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)].map(([, name = "", count]): [string, number] => {
    return [name, Number(count)];
  });
  return new Map(calls.filter(([name]) => !ownCommands.has(name)));
}
