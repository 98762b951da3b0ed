import type { Environment } from "@parley/config";

/**
 * Of a whole system on one machine, where Ctrl-C should not take long: there is no other gateway that a herd of clients
 * could overrun, and nobody to hand sessions to. What the environment names goes before it.
 */
const quickDrain: Environment = {
  PARLEY_GATEWAY_DRAIN_SPREAD_MS: "1000",
  PARLEY_GATEWAY_DRAIN_GRACE_MS: "2000",
  PARLEY_CHAT_SERVER_DRAIN_DEADLINE_MS: "2000",
};

export function withQuickDrain(environment: Environment): Record<string, string> {
  const merged: Record<string, string> = {};
  for (const [name, value] of Object.entries({ ...quickDrain, ...environment })) {
    if (value !== undefined) merged[name] = value;
  }
  return merged;
}
