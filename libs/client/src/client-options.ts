import type { ClientOptions, SocketConstructor } from "./types.ts";

/** **Errors**: a `TypeError` that names the option. */
export function mustUrls({ url, urls }: ClientOptions): readonly string[] {
  const all = urls ?? (url === undefined ? [] : [url]);
  if (all.length === 0 || (url !== undefined && urls !== undefined)) {
    throw new TypeError("options: exactly one of url and urls must be given");
  }
  return all;
}

/** **Errors**: a `TypeError` that names the option. */
export function mustDevice(device: string): string {
  if (/^[A-Za-z0-9_-]{1,64}$/.test(device)) return device;
  throw new TypeError("options.device: must be 1 to 64 characters of A-Z, a-z, 0-9, _ and -");
}

/** **Errors**: a `TypeError` that names the option. */
export function mustPlatformWebSocket(): SocketConstructor {
  if (typeof globalThis.WebSocket === "function") return globalThis.WebSocket;
  throw new TypeError("options.WebSocket: this platform has none (Node has one since 22), so one must be given");
}
