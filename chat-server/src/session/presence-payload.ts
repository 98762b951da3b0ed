import type { PresenceFrame } from "@parley/protocol";

/** How one server tells the others, over the bus, that somebody came or went. */
export function encodePresence(frame: PresenceFrame): Uint8Array {
  return Buffer.from(JSON.stringify(frame), "utf8");
}

/** Undefined for what is none: another version may have sent it, and it must not stop what comes behind it. */
export function parsePresence(payload: Uint8Array): PresenceFrame | undefined {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(payload).toString("utf8"));
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null || !("user" in value) || !("status" in value)) return undefined;
  const { user, status } = value;
  if (typeof user !== "string" || (status !== "online" && status !== "offline")) return undefined;
  const lastSeen = "lastSeen" in value && typeof value.lastSeen === "number" ? { lastSeen: value.lastSeen } : {};
  return { type: "presence", user, status, ...lastSeen };
}
