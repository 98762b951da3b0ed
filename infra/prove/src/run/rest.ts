import type { Fleet } from "../fleet/fleet.ts";
import type { FleetNode } from "../fleet/node.ts";
import { waitFor } from "../fleet/wait.ts";

/** Sessions are kept for a moment after their socket has gone. */
const restWithinMs = 20_000;

/**
 * C10, when everyone has left: no socket and no session is left anywhere. Resolves to one sentence for each that is.
 * `withSessions`: these too, which are kept for a while for whoever comes back.
 */
export async function findLeftovers(fleet: Fleet, withSessions: boolean): Promise<readonly string[]> {
  const { gateways, chatServers } = fleet;
  const sentences = async (): Promise<readonly string[]> => {
    const found = await Promise.all([
      ...gateways.map((node) => leftOf(node, "parley_gateway_sockets", "client sockets")),
      ...(withSessions ? chatServers : []).map((node) => leftOf(node, "parley_chat_sessions", "sessions")),
    ]);
    return found.flat();
  };
  let last: readonly string[] = [];
  try {
    await waitFor(
      "rest",
      async () => {
        last = await sentences();
        return last.length === 0;
      },
      restWithinMs,
    );
    return [];
  } catch {
    return last.map((sentence) => `${sentence} left ${restWithinMs / 1_000} s after everyone had gone`);
  }
}

async function leftOf(node: FleetNode, metric: string, what: string): Promise<readonly string[]> {
  // A gauge that was never set is not told.
  const count = (await node.metrics()).get(metric) ?? 0;
  return count > 0 ? [`${node.name}: ${count} ${what}`] : [];
}
