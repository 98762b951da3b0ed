import { ClientError } from "./client-error.ts";
import type { ClientEvents, ClientHandler } from "./types.ts";

type HandlerSets = { [K in keyof ClientEvents]?: Set<ClientHandler<K>> };

/** Handlers by event name. A handler that throws harms neither the other handlers nor the connection. */
export class Emitter {
  readonly #handlers: HandlerSets = {};

  /** Returns the function that takes the handler off again. */
  on<K extends keyof ClientEvents>(name: K, handler: ClientHandler<K>): () => void {
    const known: Set<ClientHandler<K>> | undefined = this.#handlers[name];
    const handlers = known ?? new Set<ClientHandler<K>>();
    if (known === undefined) Object.assign(this.#handlers, { [name]: handlers });
    handlers.add(handler);
    return () => handlers.delete(handler);
  }

  /** Calls the handlers and waits for none; what they throw is reported as `error`. */
  emit<K extends keyof ClientEvents>(name: K, payload: ClientEvents[K]): void {
    for (const handler of this.#handlersOf(name)) {
      try {
        const returned = handler(payload);
        if (returned instanceof Promise) returned.catch((cause: unknown) => this.#reportThrown(name, cause));
      } catch (cause) {
        this.#reportThrown(name, cause);
      }
    }
  }

  /**
   * Calls the handlers one after the other, each after the one before has resolved. Returns undefined when none of
   * them was asynchronous, so that a plain handler costs no promise an event. **Errors**: what a handler throws.
   */
  emitInOrder<K extends keyof ClientEvents>(name: K, payload: ClientEvents[K]): Promise<void> | undefined {
    const handlers = this.#handlersOf(name);
    for (let at = 0; at < handlers.length; at += 1) {
      const returned = handlers[at]?.(payload);
      if (returned instanceof Promise) return callRest(returned, handlers.slice(at + 1), payload);
    }
    return undefined;
  }

  #handlersOf<K extends keyof ClientEvents>(name: K): readonly ClientHandler<K>[] {
    const handlers: Set<ClientHandler<K>> | undefined = this.#handlers[name];
    // A copy: a handler may add or take off handlers.
    return handlers === undefined ? [] : [...handlers];
  }

  #reportThrown(name: keyof ClientEvents, cause: unknown): void {
    const error = new ClientError("handler_failed", `a handler of "${name}" threw`, { cause });
    // An error handler that throws has nobody left to tell but the platform.
    if (name === "error")
      queueMicrotask(() => {
        throw error;
      });
    else this.emit("error", error);
  }
}

async function callRest<T>(
  first: Promise<void>,
  rest: readonly ((payload: T) => void | Promise<void>)[],
  payload: T,
): Promise<void> {
  await first;
  for (const handler of rest) await handler(payload);
}
