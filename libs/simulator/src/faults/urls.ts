import type { Endpoint } from "./connection.ts";

/** Host and port of a URL with a single host. **Errors**: an Error that does not repeat the URL, which may hold a password. */
export function targetOf(url: string, defaultPort: number): Endpoint {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || parsed.hostname === "") throw new Error("a proxy needs a URL of a single server");
  return { host: parsed.hostname, port: Number(parsed.port || defaultPort) };
}

/** The URL with the proxy's host and port in place of its own, and these parameters. */
export function proxiedUrl(url: string, proxy: Endpoint, parameters: Readonly<Record<string, string>> = {}): string {
  const proxied = new URL(url);
  proxied.hostname = proxy.host;
  proxied.port = String(proxy.port);
  for (const [name, value] of Object.entries(parameters)) proxied.searchParams.set(name, value);
  return proxied.href;
}
