import type { Registry } from "@parley/cluster";
import { NotFoundError } from "./answers.ts";

export interface DrainAnswer {
  readonly node: string;
  /** The incarnation that was asked. */
  readonly epoch: number;
  /** Everything that ends with it: the nodes of its process. */
  readonly nodes: readonly string[];
  /** It drains already; otherwise it has been asked just now, or was before and has not begun yet. */
  readonly draining: boolean;
  /** Where its progress is seen. */
  readonly watch: string;
}

/** Where the progress of a drain is seen. */
export const drainWatch = "/v1/cluster";

/**
 * Asks a node to drain, as SIGTERM to its process does: it hands over what it holds and ends with exit code 0.
 * **Repeat**: nothing more happens. **Errors**: NotFoundError for a node that holds no lease; RegistryError.
 */
export async function askDrain(registry: Registry, node: string): Promise<DrainAnswer> {
  const { nodes } = registry.view();
  const shown = nodes.find((info) => info.node === node);
  if (shown?.state === "draining") return answer(shown.epoch, true);
  const epoch = await registry.askDrain(node);
  if (epoch === undefined) throw new NotFoundError(`There is no node ${node}.`);
  return answer(epoch, false);

  function answer(epoch: number, draining: boolean): DrainAnswer {
    const mates = nodes.filter((info) => info.process === shown?.process).map((info) => info.node);
    return { node, epoch, nodes: mates.length === 0 ? [node] : mates, draining, watch: drainWatch };
  }
}
