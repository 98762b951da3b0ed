import type { GatewayLink } from "./link.ts";
import type { LinkLimits, LinkLogger } from "./link-limits.ts";
import { LinkError } from "./link-limits.ts";
import type { LocalLinks } from "./link-local.ts";
import { connectLink } from "./link-tcp.ts";

/** What a gateway knows of a chat server; the registry's `NodeInfo` fits. */
export interface LinkTarget {
  readonly node: string;
  readonly address: string;
  readonly process: string;
}

/** How a gateway reaches chat servers. */
export interface LinkConnector {
  /** **Errors**: LinkError, worth another try later. **Repeat**: each call makes another link. */
  connect(target: LinkTarget): Promise<GatewayLink>;
}

export interface LinkConnectorOptions {
  readonly node: string;
  /** Name of our own process: a target of the same process is called, not dialled. */
  readonly process: string;
  readonly local?: LocalLinks;
  /** Without it only chat servers of this process can be reached. */
  readonly secret?: string | Uint8Array;
  readonly timeoutMs?: number;
  readonly limits?: Partial<LinkLimits>;
  readonly logger?: LinkLogger;
}

/** A call where the chat server lives in our own process, TCP (or a Unix socket) otherwise. */
export function createLinkConnector(options: LinkConnectorOptions): LinkConnector {
  const { local, secret } = options;
  return {
    async connect(target) {
      if (local && target.process === options.process && local.has(target.node)) {
        return local.connect(options.node, target.node);
      }
      if (secret === undefined || target.address.startsWith("local:")) {
        throw new LinkError(`${target.node} at ${target.address} is out of reach from this process`);
      }
      return connectLink({
        address: target.address,
        secret,
        node: options.node,
        expectedPeer: target.node,
        ...(options.timeoutMs !== undefined && { timeoutMs: options.timeoutMs }),
        ...(options.limits && { limits: options.limits }),
        ...(options.logger && { logger: options.logger }),
      });
    },
  };
}
