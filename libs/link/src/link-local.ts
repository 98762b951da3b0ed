import type { ChatServerLink, DownFrame, GatewayLink, UpFrame } from "./link.ts";
import { LinkEnd } from "./link-end.ts";
import { defaultLinkLimits, LinkError } from "./link-limits.ts";

/** One end of a pair in this process: frames are handed over as they are, once a tick. */
class LocalEnd<Out extends UpFrame | DownFrame, In extends UpFrame | DownFrame> extends LinkEnd<Out, In> {
  #other: LocalEnd<In, Out> | undefined;

  join(other: LocalEnd<In, Out>): void {
    this.#other = other;
  }

  protected unsentBytes(): number {
    return 0;
  }

  protected transmit(frames: Out[]): void {
    if (this.#other?.isOpen) this.#other.receive(frames);
  }

  protected shut(): void {
    this.#other?.finish("closed by the other end");
  }
}

/**
 * Links between parts of one process, by node name. Same order, bounds and close as over TCP; no handshake, since both
 * ends are us. Frames are passed without copying: nobody changes a frame after sending it.
 */
export class LocalLinks {
  readonly #listeners = new Map<string, (link: ChatServerLink) => void>();
  readonly #open = new Map<string, Set<ChatServerLink>>();
  readonly #bufferBytesMax: number;

  constructor(options: { readonly bufferBytesMax?: number } = {}) {
    this.#bufferBytesMax = options.bufferBytesMax ?? defaultLinkLimits.bufferBytesMax;
  }

  /** **Errors**: throws when the node listens already. */
  listen(node: string, onLink: (link: ChatServerLink) => void): { readonly address: string; close(): Promise<void> } {
    if (this.#listeners.has(node)) throw new LinkError(`${node} listens in this process already`);
    this.#listeners.set(node, onLink);
    const open = new Set<ChatServerLink>();
    this.#open.set(node, open);
    return {
      address: `local:${node}`,
      close: async () => {
        if (this.#listeners.get(node) !== onLink) return;
        this.#listeners.delete(node);
        this.#open.delete(node);
        for (const link of open) link.close("listener closed");
      },
    };
  }

  has(node: string): boolean {
    return this.#listeners.has(node);
  }

  /** **Errors**: LinkError when nobody of that name listens here. */
  async connect(from: string, to: string): Promise<GatewayLink> {
    const onLink = this.#listeners.get(to);
    if (!onLink) throw new LinkError(`${to} does not listen in this process`);
    const near = new LocalEnd<UpFrame, DownFrame>(to, this.#bufferBytesMax);
    const far = new LocalEnd<DownFrame, UpFrame>(from, this.#bufferBytesMax);
    near.join(far);
    far.join(near);
    const open = this.#open.get(to);
    open?.add(far);
    far.onClose(() => open?.delete(far));
    onLink(far);
    return near;
  }
}
