import type { Client, ClientOptions } from "./types.ts";

export function createClient(options: ClientOptions): Client {
  throw new Error(`the first version is being written (${options.device})`);
}
