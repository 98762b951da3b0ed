import type { CallFrame } from "./calls.ts";
import { ClientError } from "./client-error.ts";

/** The protocol's bound on `users` in one frame. */
const usersInFrameMax = 200;

/** Whose presence we watch. The server forgets it with the session, so each new session is told again. */
export class PresenceWatch {
  readonly #ask: (frame: CallFrame) => Promise<unknown>;
  readonly #watchedMax: number;
  readonly #onError: (error: unknown) => void;
  readonly #users = new Set<string>();

  constructor(ask: (frame: CallFrame) => Promise<unknown>, watchedMax: number, onError: (error: unknown) => void) {
    this.#ask = ask;
    this.#watchedMax = watchedMax;
    this.#onError = onError;
  }

  async watch(users: readonly string[]): Promise<void> {
    const added = [...new Set(users)].filter((user) => !this.#users.has(user));
    if (this.#users.size + added.length > this.#watchedMax) {
      throw new ClientError("too_many_watched", `watchedMax: no more than ${this.#watchedMax} users can be watched`);
    }
    for (const user of added) this.#users.add(user);
    await this.#tell("presence.watch", added);
  }

  async unwatch(users: readonly string[]): Promise<void> {
    const removed = users.filter((user) => this.#users.delete(user));
    await this.#tell("presence.unwatch", removed);
  }

  /** A new session knows nothing of the watch yet. */
  goOnline(): void {
    this.#tell("presence.watch", [...this.#users]).catch(this.#onError);
  }

  async #tell(type: string, users: readonly string[]): Promise<void> {
    for (let at = 0; at < users.length; at += usersInFrameMax) {
      await this.#ask({ type, users: users.slice(at, at + usersInFrameMax) });
    }
  }
}
