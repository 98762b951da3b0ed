/**
 * Pub/sub between chat servers. **A hint, never a promise**: whoever reads repairs itself from the log.
 *
 * **Order**: messages of one publisher on one topic arrive in the order published, as long as none is lost.
 * **Repeat**: a message may arrive twice or never. **Durability**: none.
 * **Bounds**: a payload is at most 8 MiB; a publish while disconnected rejects at once (no offline queue).
 */
export interface Bus {
  /**
   * Resolves to the number of subscribers that the bus handed it to, where the bus can tell (0 = surely nobody).
   * **Errors**: {@link BusError} when the bus is out of reach or too slow (command timeout).
   */
  publish(topic: string, payload: Uint8Array): Promise<number>;
  /** Resolves when the bus has *confirmed* the subscription (rule 17); survives reconnects by itself. */
  subscribe(topic: string, handler: (payload: Uint8Array) => void): Promise<BusSubscription>;
  /** True while commands are being answered (an app-level ping finds a half-open socket in seconds). */
  readonly isUp: boolean;
  /** Called on each change of {@link isUp}; after "up", every subscription is confirmed again *before* the call. */
  onChange(listener: (isUp: boolean) => void): () => void;
  close(): Promise<void>;
}

export interface BusSubscription {
  /** **Repeat**: a second call does nothing. */
  close(): Promise<void>;
}

export class BusError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "BusError";
  }
}
