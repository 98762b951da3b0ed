import type { ClientErrorCode } from "./types.ts";

/**
 * What the SDK rejects with. `code` is the server's (see the protocol's registry) or one of the SDK's own.
 * `isUnknown` says that the request may be in the log after all, or may still get there; sending the same wish under a
 * new id could double it. Without it the request has had no effect and will have none.
 */
export class ClientError extends Error {
  readonly code: ClientErrorCode;
  readonly isUnknown: boolean;

  constructor(code: ClientErrorCode, message: string, options: { isUnknown?: boolean; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "ClientError";
    this.code = code;
    this.isUnknown = options.isUnknown ?? false;
  }
}
