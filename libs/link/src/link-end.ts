import { frameWeight } from "./frame-weight.ts";
import type { DownFrame, Link, UpFrame } from "./link.ts";

/**
 * What both implementations share: one flush a tick, the bound on what is unsent, early frames kept until somebody
 * listens, and `onClose` exactly once, never from inside the call that closed the link.
 */
export abstract class LinkEnd<Out extends UpFrame | DownFrame, In extends UpFrame | DownFrame>
  implements Link<Out, In>
{
  readonly peer: string;
  readonly #bufferBytesMax: number;
  readonly #frameListeners: ((frame: In) => void)[] = [];
  readonly #closeListeners: ((reason: string) => void)[] = [];
  #queue: Out[] = [];
  #queueBytes = 0;
  #early: In[] = [];
  #earlyBytes = 0;
  /** Closed by this end: what still arrives is not delivered. */
  #isMuted = false;
  #closeReason: string | undefined;

  constructor(peer: string, bufferBytesMax: number) {
    this.peer = peer;
    this.#bufferBytesMax = bufferBytesMax;
  }

  get isOpen(): boolean {
    return this.#closeReason === undefined;
  }

  send(frame: Out): void {
    if (!this.isOpen) return;
    if (this.#queue.length === 0) setImmediate(this.#flush);
    this.#queue.push(frame);
    this.#queueBytes += frameWeight(frame);
    if (this.#queueBytes + this.unsentBytes() > this.#bufferBytesMax) {
      this.abort(`more than ${this.#bufferBytesMax} bytes unsent`);
    }
  }

  onFrame(listener: (frame: In) => void): void {
    if (this.#frameListeners.push(listener) === 1 && this.#early.length > 0) setImmediate(this.#deliverEarly);
  }

  onClose(listener: (reason: string) => void): void {
    this.#closeListeners.push(listener);
    if (this.#closeReason !== undefined) setImmediate(this.#tellClosed);
  }

  /** Sends what is queued, then ends the link. **Repeat**: does nothing. */
  close(reason: string): void {
    if (!this.isOpen) return;
    this.#isMuted = true;
    this.#flush();
    this.finish(reason);
    this.shut(true);
  }

  /** Ends the link at once, whatever is queued. */
  protected abort(reason: string): void {
    if (!this.isOpen) return;
    this.#isMuted = true;
    this.finish(reason);
    this.shut(false);
  }

  /** Marks the link as closed; listeners learn it on the next turn of the loop, after frames that came before. */
  protected finish(reason: string): void {
    if (!this.isOpen) return;
    this.#closeReason = reason;
    this.#queue = [];
    this.#queueBytes = 0;
    setImmediate(this.#tellClosed);
  }

  /** One batch from the other end. */
  protected receive(frames: readonly In[]): void {
    if (this.#frameListeners.length === 0 || this.#early.length > 0) {
      for (const frame of frames) {
        this.#early.push(frame);
        this.#earlyBytes += frameWeight(frame);
      }
      if (this.#earlyBytes > this.#bufferBytesMax) this.abort("nobody listens at this end");
      return;
    }
    this.#deliver(frames);
  }

  /** Bytes handed to the transport and not yet out of this process. */
  protected abstract unsentBytes(): number;
  protected abstract transmit(frames: Out[]): void;
  protected abstract shut(isGraceful: boolean): void;

  #deliver(frames: readonly In[]): void {
    for (const frame of frames) {
      for (const listener of this.#frameListeners) {
        if (this.#isMuted) return;
        listener(frame);
      }
    }
  }

  readonly #flush = (): void => {
    const frames = this.#queue;
    if (frames.length === 0) return;
    this.#queue = [];
    this.#queueBytes = 0;
    this.transmit(frames);
  };

  readonly #deliverEarly = (): void => {
    const frames = this.#early;
    this.#early = [];
    this.#earlyBytes = 0;
    this.#deliver(frames);
  };

  readonly #tellClosed = (): void => {
    for (const listener of this.#closeListeners.splice(0)) listener(this.#closeReason ?? "");
  };
}
