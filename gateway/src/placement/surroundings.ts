import type { Registry } from "@parley/cluster";
import type { LinkPool } from "../links/link-pool.ts";
import type { ClientSession } from "../session/client-session.ts";

/** How long a round waits for a change of the view before it looks again. */
const lookAgainMs = 100;

/** What placing a session has to know of the fleet besides the place itself. */
export class Surroundings {
  readonly #registry: Registry;
  readonly #pool: LinkPool;

  constructor(registry: Registry, pool: LinkPool) {
    this.#registry = registry;
    this.#pool = pool;
  }

  /** Chat servers that this session must not go to: those that failed just now, that sent it away, that can't be dialled. */
  avoided(session: ClientSession, failed: ReadonlySet<string>): ReadonlySet<string> {
    const avoided = new Set(failed);
    if (session.shunned !== undefined) avoided.add(session.shunned);
    for (const info of this.#registry.view().nodes) {
      if (this.#pool.isResting(info)) avoided.add(info.node);
    }
    return avoided;
  }

  /** Draining, or not there at all. */
  isDraining(node: string | undefined): boolean {
    const info = this.#registry.view().nodes.find((candidate) => candidate.node === node);
    return info?.state !== "up";
  }

  viewChange(): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        forget();
        resolve();
      };
      const timer = setTimeout(done, lookAgainMs);
      const forget = this.#registry.onView(done);
    });
  }
}
