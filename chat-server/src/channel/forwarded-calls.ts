import type { NodeId } from "@parley/cluster";
import { RecentMap } from "./recent-map.ts";
import type { Answer } from "./request.ts";

/** Calls that are remembered; a copy that comes later than so many others is taken for new. */
const callsMax = 8_192;

/**
 * The calls that other servers have forwarded to us. The bus may double a message, and a second copy would be one that
 * the asking server does not count: it would be judged again after the first had been refused for good, and might get
 * in (rule 9).
 */
export class ForwardedCalls {
  private readonly calls = new RecentMap<string, { answer?: Answer }>(callsMax);

  /** "new": to be done. Otherwise it is under way, or was answered so. */
  begin(from: NodeId, call: number): "new" | "open" | Answer {
    const key = `${from}\n${call}`;
    const known = this.calls.get(key);
    if (known !== undefined) return known.answer ?? "open";
    this.calls.set(key, {});
    return "new";
  }

  end(from: NodeId, call: number, answer: Answer): void {
    this.calls.set(`${from}\n${call}`, { answer });
  }
}
