import type { NodeId } from "@parley/cluster";
import type { Seq } from "@parley/protocol";
import type { Answer } from "./request.ts";

/** Calls of one server that are remembered: its numbers follow one upon another, so the last so many. A power of two. */
const callsMax = 8_192;
/** Servers whose calls are remembered; the one that was met first is forgotten beyond. */
const nodesMax = 1_024;

const state = { open: 0, done: 1, duplicate: 2, refused: 3 } as const;

/**
 * The calls that other servers have forwarded to us. The bus may double a message, and a second copy would be one that
 * the asking server does not count: it would be judged again after the first had been refused for good, and might get
 * in (rule 9).
 * **Bounds**: the last 8,192 numbers of each server, in some 200 KiB of bare numbers; a copy that comes later is taken for
 * new.
 */
export class ForwardedCalls {
  private readonly nodes = new Map<NodeId, CallRing>();

  /** "new": to be done. Otherwise it is under way, or was answered so. */
  begin(from: NodeId, call: number): "new" | "open" | Answer {
    return this.ringOf(from).begin(call);
  }

  end(from: NodeId, call: number, answer: Answer): void {
    this.ringOf(from).end(call, answer);
  }

  private ringOf(from: NodeId): CallRing {
    const known = this.nodes.get(from);
    if (known !== undefined) return known;
    const [oldest] = this.nodes.keys();
    if (oldest !== undefined && this.nodes.size >= nodesMax) this.nodes.delete(oldest);
    const ring = new CallRing();
    this.nodes.set(from, ring);
    return ring;
  }
}

class CallRing {
  private readonly calls = new Float64Array(callsMax).fill(-1);
  private readonly states = new Uint8Array(callsMax);
  private readonly seqs = new Float64Array(callsMax);
  private readonly times = new Float64Array(callsMax);
  /** Few are refused. */
  private readonly refusals = new Map<number, Answer>();

  begin(call: number): "new" | "open" | Answer {
    const slot = slotOf(call);
    if (this.calls[slot] !== call) {
      if (this.states[slot] === state.refused) this.refusals.delete(slot);
      this.calls[slot] = call;
      this.states[slot] = state.open;
      return "new";
    }
    switch (this.states[slot]) {
      case state.done:
        return this.ackAt(slot, false);
      case state.duplicate:
        return this.ackAt(slot, true);
      case state.refused:
        return this.refusals.get(slot) ?? "open";
      default:
        return "open";
    }
  }

  end(call: number, answer: Answer): void {
    const slot = slotOf(call);
    if (this.calls[slot] !== call) return;
    if (!answer.ok) {
      this.states[slot] = state.refused;
      this.refusals.set(slot, answer);
      return;
    }
    this.states[slot] = answer.isDuplicate ? state.duplicate : state.done;
    this.seqs[slot] = answer.seq;
    this.times[slot] = answer.time;
  }

  private ackAt(slot: number, isDuplicate: boolean): Answer {
    const seq: Seq = this.seqs[slot] ?? 0;
    return { ok: true, seq, time: this.times[slot] ?? 0, isDuplicate };
  }
}

function slotOf(call: number): number {
  return call % callsMax;
}
