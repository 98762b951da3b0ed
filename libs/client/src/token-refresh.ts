import type { CallFrame } from "./calls.ts";
import { ClientError } from "./client-error.ts";
import { refreshDelayMs, tokenExpiry } from "./token.ts";
import type { Clock, TokenProvider } from "./types.ts";

/** Timers hold 31 bits of ms; a token that lives longer is looked at again once a day. */
const timerMaxMs = 86_400_000;
const retryMs = 10_000;

export interface TokenRefreshPorts {
  readonly clock: Clock;
  readonly token: TokenProvider;
  readonly ask: (frame: CallFrame) => Promise<unknown>;
  readonly onError: (error: ClientError) => void;
}

/**
 * Gives the session a newer token before the old one ends, so that the socket stays. Where that fails, the server ends
 * the session when the token does, and the next session begins with a new one: nothing is lost, only time.
 */
export class TokenRefresh {
  readonly #ports: TokenRefreshPorts;
  #timer: unknown;
  /** Grows with each session, so that a refresh of an earlier one ends. */
  #session = 0;

  constructor(ports: TokenRefreshPorts) {
    this.#ports = ports;
  }

  start(token: string): void {
    this.stop();
    this.#schedule(token, this.#session);
  }

  stop(): void {
    this.#session += 1;
    this.#ports.clock.clearTimeout(this.#timer);
  }

  #schedule(token: string, session: number): void {
    const { clock } = this.#ports;
    const expiresAt = tokenExpiry(token);
    if (expiresAt === undefined) return;
    const delayMs = refreshDelayMs(expiresAt, clock.now());
    this.#timer = clock.setTimeout(() => this.#refresh(session), Math.min(delayMs, timerMaxMs));
  }

  #refresh(session: number): void {
    const { clock, onError } = this.#ports;
    this.#ask().then(
      (token) => {
        if (session === this.#session) this.#schedule(token, session);
      },
      (cause: unknown) => {
        if (session !== this.#session) return;
        onError(new ClientError("token_failed", "the token could not be refreshed yet", { cause }));
        this.#timer = clock.setTimeout(() => this.#refresh(session), retryMs);
      },
    );
  }

  async #ask(): Promise<string> {
    const token = await this.#ports.token("refresh");
    await this.#ports.ask({ type: "refresh", token });
    return token;
  }
}
