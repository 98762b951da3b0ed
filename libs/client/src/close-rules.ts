/**
 * What the SDK does when a socket ends with a close code.
 * - `reconnect`: after the back-off.
 * - `reauthenticate`: ask the token provider for another token, once; refused again, stop.
 * - `slow`: reconnect, but not at once: we sent too much.
 * - `stop`: no further attempt by itself.
 */
export type CloseRule = "reconnect" | "reauthenticate" | "slow" | "stop";

/** By the protocol's registry; a test compares the two. Kept apart from it so that no schema gets into a browser. */
export const closeRules: Readonly<Record<number, CloseRule>> = {
  1000: "reconnect",
  1001: "reconnect",
  1003: "stop",
  1006: "reconnect",
  1009: "stop",
  4400: "stop",
  4401: "reauthenticate",
  4403: "stop",
  4408: "reconnect",
  4409: "stop",
  4429: "slow",
  4503: "reconnect",
};

export function closeRule(code: number): CloseRule {
  return closeRules[code] ?? "reconnect";
}
