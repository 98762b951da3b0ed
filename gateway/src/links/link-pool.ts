import type { NodeInfo, Registry } from "@parley/cluster";
import type { DownFrame, LinkConnector } from "@parley/link";
import type { Logger, Metrics } from "@parley/telemetry";
import type { ClientSession } from "../session/client-session.ts";
import { ServerLink } from "./server-link.ts";

/** After a failed dial the chat server is passed over: 200 ms × 2^n, jittered, up to 5 s. */
const restMsFirst = 200;
const restMsMax = 5_000;

export interface LinkPoolOptions {
  readonly connector: LinkConnector;
  readonly registry: Registry;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly now: () => number;
  readonly random: () => number;
  readonly onFrame: (link: ServerLink, frame: DownFrame) => void;
  /** The link is gone; these sessions have no chat server. */
  readonly onLost: (link: ServerLink, sessions: readonly ClientSession[]) => void;
}

interface Rest {
  /** Of the incarnation that could not be reached: one that restarted is worth a dial at once. */
  readonly epoch: number;
  readonly failures: number;
  readonly until: number;
}

/**
 * At most one link a chat server, however many users: dialled when the first session needs it, by one dial however many
 * wait. A link whose node the registry no longer shows stays as long as it is up and used: a lease is not a lock, and
 * the chat server itself says when its sessions must go.
 */
export class LinkPool {
  readonly #options: LinkPoolOptions;
  readonly #links = new Map<string, ServerLink>();
  readonly #dials = new Map<string, Promise<ServerLink>>();
  readonly #rests = new Map<string, Rest>();
  readonly #forgetView: () => void;
  #isClosed = false;

  constructor(options: LinkPoolOptions) {
    this.#options = options;
    this.#forgetView = options.registry.onView(() => this.#closeUnused());
  }

  get size(): number {
    return this.#links.size;
  }

  /** A dial to it failed just now. */
  isResting({ node, epoch }: NodeInfo): boolean {
    const rest = this.#rests.get(node);
    return rest?.epoch === epoch && this.#options.now() < rest.until;
  }

  /** **Errors**: LinkError when the chat server can't be reached. **Repeat**: the same link while it is open. */
  async open(target: NodeInfo): Promise<ServerLink> {
    const link = this.#links.get(target.node);
    if (link?.isOpen) return link;
    let dial = this.#dials.get(target.node);
    if (dial === undefined) {
      dial = this.#dial(target).finally(() => this.#dials.delete(target.node));
      this.#dials.set(target.node, dial);
    }
    return dial;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#forgetView();
    await Promise.allSettled(this.#dials.values());
    for (const link of this.#links.values()) link.close("gateway stops");
  }

  async #dial(target: NodeInfo): Promise<ServerLink> {
    const { connector, logger, metrics, now, random, onFrame, onLost } = this.#options;
    const { node } = target;
    try {
      const raw = await connector.connect(target);
      const link = new ServerLink(raw, node, now);
      raw.onFrame((frame) => onFrame(link, frame));
      raw.onClose((reason) => {
        if (this.#links.get(node) === link) this.#links.delete(node);
        metrics.gatewayLinks.set(this.#links.size);
        const sessions = [...link.sessions.values()];
        link.sessions.clear();
        logger.info({ server: node, reason, sessions: sessions.length }, "link to chat server closed");
        onLost(link, sessions);
      });
      this.#links.set(node, link);
      this.#rests.delete(node);
      metrics.gatewayLinks.set(this.#links.size);
      logger.info({ server: node, address: target.address }, "link to chat server open");
      if (this.#isClosed) link.close("gateway stops");
      return link;
    } catch (error) {
      const before = this.#rests.get(node);
      const failures = before?.epoch === target.epoch ? before.failures + 1 : 1;
      const restMs = Math.min(restMsMax, restMsFirst * 2 ** (failures - 1)) * (0.5 + random() / 2);
      this.#rests.set(node, { epoch: target.epoch, failures, until: now() + restMs });
      logger.warn({ server: node, address: target.address, failures, err: error }, "chat server out of reach");
      throw error;
    }
  }

  /** Links to nodes that are gone for good, and what is remembered of them. */
  #closeUnused(): void {
    const known = new Set(this.#options.registry.view().nodes.map(({ node }) => node));
    for (const [node, link] of this.#links) {
      if (!known.has(node) && link.sessions.size + link.arriving.size === 0) link.close("chat server left");
    }
    for (const node of this.#rests.keys()) {
      if (!known.has(node)) this.#rests.delete(node);
    }
  }
}
