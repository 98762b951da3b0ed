export interface RedisEndpoint {
  readonly host: string;
  readonly port: number;
}

/** Which Redis, in one of its three shapes. Used by the bus and by the registry alike. */
export type RedisOptionsUnion =
  | { readonly kind: "standalone"; readonly url: string }
  | {
      readonly kind: "sentinel";
      readonly sentinels: readonly RedisEndpoint[];
      /** Name of the master group. */
      readonly name: string;
      readonly username?: string;
      readonly password?: string;
    }
  | {
      readonly kind: "cluster";
      /** A few of the nodes; the others are found through them. */
      readonly nodes: readonly RedisEndpoint[];
      readonly username?: string;
      readonly password?: string;
    };

const defaultPorts = { "redis-sentinel:": 26_379, "redis-cluster:": 6_379 } as const;

/**
 * Reads `redis://[user:password@]host:port[/db]` (`rediss://` for TLS), `redis-sentinel://[…@]h:p,h:p/name` or
 * `redis-cluster://[…@]h:p,h:p`. IPv6 addresses stand in brackets.
 * **Errors**: RangeError that says what is expected and never shows the password.
 */
export function parseRedisUrl(url: string): RedisOptionsUnion {
  const match = /^([a-z-]+:)\/\/(?:([^@/]*)@)?([^/?#]*)(?:\/([^?#]*))?$/.exec(url);
  const [, scheme, credentials, hosts = "", path = ""] = match ?? [];
  switch (scheme) {
    case "redis:":
    case "rediss:": {
      if (!URL.canParse(url) || hosts === "" || hosts.includes(",") || !/^\d*$/.test(path)) throw refusal();
      return { kind: "standalone", url };
    }
    case "redis-sentinel:": {
      if (path === "" || path.includes("/")) throw refusal();
      const sentinels = parseEndpoints(hosts, defaultPorts[scheme]);
      return { kind: "sentinel", sentinels, name: decodeURIComponent(path), ...parseCredentials(credentials) };
    }
    case "redis-cluster:": {
      if (path !== "") throw refusal();
      return { kind: "cluster", nodes: parseEndpoints(hosts, defaultPorts[scheme]), ...parseCredentials(credentials) };
    }
    default:
      throw refusal();
  }
}

/** For logs: addresses without credentials. */
export function describeRedis(options: RedisOptionsUnion): string {
  const list = (endpoints: readonly RedisEndpoint[]) => endpoints.map(({ host, port }) => `${host}:${port}`).join(", ");
  switch (options.kind) {
    case "standalone": {
      const { hostname, port } = new URL(options.url);
      return `Redis at ${hostname}:${port === "" ? "6379" : port}`;
    }
    case "sentinel":
      return `Redis ${options.name} through sentinels ${list(options.sentinels)}`;
    case "cluster":
      return `Redis Cluster at ${list(options.nodes)}`;
    default:
      return options satisfies never;
  }
}

function parseEndpoints(hosts: string, portDefault: number): RedisEndpoint[] {
  return hosts.split(",").map((text) => {
    const [, bracketed, plain, port] = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
    const host = bracketed ?? plain;
    const number = port === undefined ? portDefault : Number(port);
    if (host === undefined || number < 1 || number > 65_535) throw refusal();
    return { host, port: number };
  });
}

function parseCredentials(text: string | undefined): { username?: string; password?: string } {
  if (text === undefined || text === "") return {};
  const [username = "", password] = text.split(":", 2).map(decodeURIComponent);
  return { ...(username === "" ? {} : { username }), ...(password === undefined ? {} : { password }) };
}

function refusal(): RangeError {
  return new RangeError(
    "A Redis URL reads redis://host:port, redis-sentinel://host:port,host:port/name or redis-cluster://host:port,host:port.",
  );
}
