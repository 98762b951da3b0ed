import type { ChatServerLink, DownFrame, UpFrame } from "@parley/link";
import type { Incarnation } from "./timeline.ts";
import type { World } from "./world.ts";

/** One link between a gateway and one incarnation of a chat server: in order, until it falls. */
export class LinkModel implements ChatServerLink {
  readonly peer: string;
  readonly server: Incarnation;
  isOpen = true;
  private readonly world: World;
  private readonly gateway: Incarnation;
  private readonly deliver: (frame: DownFrame) => void;
  private frameListener: (frame: UpFrame) => void = () => undefined;
  private closeListener: (reason: string) => void = () => undefined;
  private lastUpAt = 0;
  private lastDownAt = 0;

  constructor(
    world: World,
    peer: string,
    gateway: Incarnation,
    server: Incarnation,
    deliver: (frame: DownFrame) => void,
  ) {
    this.world = world;
    this.peer = peer;
    this.gateway = gateway;
    this.server = server;
    this.deliver = deliver;
  }

  /** From the chat server. */
  send(frame: DownFrame): void {
    if (!this.isOpen) return;
    const { random, timeline } = this.world;
    this.lastDownAt = Math.max(this.lastDownAt, timeline.now + random.between(1, 4));
    timeline.after(
      this.lastDownAt - timeline.now,
      () => {
        if (this.isOpen) this.deliver(frame);
      },
      this.gateway,
    );
  }

  /** From the gateway. */
  sendUp(frame: UpFrame): void {
    if (!this.isOpen) return;
    const { random, timeline } = this.world;
    this.lastUpAt = Math.max(this.lastUpAt, timeline.now + random.between(1, 4));
    timeline.after(this.lastUpAt - timeline.now, () => this.frameListener(frame), this.server);
  }

  onFrame(listener: (frame: UpFrame) => void): void {
    this.frameListener = listener;
  }

  onClose(listener: (reason: string) => void): void {
    this.closeListener = listener;
  }

  /** What is under way upward arrives before the end; what is under way downward is lost. */
  close(reason: string): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    const { timeline } = this.world;
    this.lastUpAt = Math.max(this.lastUpAt, timeline.now + 1);
    timeline.after(this.lastUpAt - timeline.now, () => this.closeListener(reason), this.server);
  }
}
