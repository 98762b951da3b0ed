/** Bounds of one link, the same for the TCP and the in-process implementation where they apply. */
export interface LinkLimits {
  /** An idle link says that it lives this often (ms). */
  readonly pingMs: number;
  /** Nothing heard for so long (ms): the link is dead, though the socket may still look open. */
  readonly deadAfterMs: number;
  /** Both proofs must have been exchanged after so long (ms); absolute, traffic does not extend it. */
  readonly handshakeMs: number;
  /** Bytes queued and unsent; above, the link is closed and both ends repair. */
  readonly bufferBytesMax: number;
  /** Bytes of one received batch; above, the link is closed. */
  readonly batchBytesMax: number;
  /** Connections that have not proven themselves yet; above, new ones are dropped at once. */
  readonly handshakesMax: number;
}

export const defaultLinkLimits: LinkLimits = {
  pingMs: 1_000,
  deadAfterMs: 3_000,
  handshakeMs: 3_000,
  bufferBytesMax: 16 * 1024 * 1024,
  batchBytesMax: 16 * 1024 * 1024,
  handshakesMax: 256,
};

/** Where links write what an operator may want to know; a pino logger fits. */
export interface LinkLogger {
  info(fields: object, phrase: string): void;
  warn(fields: object, phrase: string): void;
}

export const silentLinkLogger: LinkLogger = { info: () => {}, warn: () => {} };

/** A link that did not come to be. Always worth another try, elsewhere or later. */
export class LinkError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "LinkError";
  }
}
