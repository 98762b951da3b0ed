import { type Lease, type NodeInfo, type Registry, RegistryError } from "@parley/cluster";
import type { Logger } from "@parley/telemetry";

const retryMs = 1_000;

/** Joins the registry, waiting for it as long as it takes: a registry that starts later is no reason to die. */
export async function joinPatiently(registry: Registry, logger: Logger, node: Omit<NodeInfo, "epoch">): Promise<Lease> {
  for (;;) {
    try {
      return await registry.join(node);
    } catch (error) {
      if (!(error instanceof RegistryError)) throw error;
      logger.warn({ err: error }, "waiting for the registry");
      await new Promise((resolve) => setTimeout(resolve, retryMs));
    }
  }
}
