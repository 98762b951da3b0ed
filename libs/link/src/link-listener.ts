import type { ChatServerLink } from "./link.ts";
import type { LinkLimits, LinkLogger } from "./link-limits.ts";
import type { LocalLinks } from "./link-local.ts";
import { listenLinks } from "./link-tcp.ts";

/** Where a chat server waits for gateways. */
export interface LinkListener {
  /** `onLink` must register its listeners before it returns. `address` is what the registry tells gateways. */
  listen(onLink: (link: ChatServerLink) => void): Promise<{ readonly address: string; close(): Promise<void> }>;
}

export interface LinkListenerOptions {
  readonly node: string;
  /** Calls from gateways of this process. */
  readonly local?: LocalLinks;
  /** Links from other processes; without it the address is `local:<node>`. */
  readonly tcp?: {
    readonly host: string;
    readonly port: number;
    readonly path?: string;
    readonly secret: string | Uint8Array;
    /** The host that other machines reach us by, where it is not `host`. */
    readonly advertisedHost?: string;
    /** And the port, where it is not `port`. */
    readonly advertisedPort?: number;
  };
  readonly limits?: Partial<LinkLimits>;
  readonly logger?: LinkLogger;
}

/** Listens for calls, for TCP, or for both; an own gateway gets the call (see `createLinkConnector`). */
export function createLinkListener(options: LinkListenerOptions): LinkListener {
  return {
    async listen(onLink) {
      const local = options.local?.listen(options.node, onLink);
      const tcp =
        options.tcp &&
        (await listenLinks({
          ...options.tcp,
          node: options.node,
          onLink,
          ...(options.limits && { limits: options.limits }),
          ...(options.logger && { logger: options.logger }),
        }));
      const address = tcp?.address ?? local?.address;
      if (address === undefined) throw new TypeError("a link listener needs `local` or `tcp`");
      return {
        address,
        close: async () => {
          await Promise.all([local?.close(), tcp?.close()]);
        },
      };
    },
  };
}
