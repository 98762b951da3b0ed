import type { ClusterView, DrainInfo, NodeInfo, NodeLoad } from "@parley/cluster";
import { createRing } from "@parley/ring";
import type { Answer } from "./answers.ts";

export interface NodeAnswer {
  readonly node: string;
  readonly address: string;
  readonly process: string;
  /** Start of this incarnation. */
  readonly epoch: number;
  readonly draining: boolean;
  readonly load: NodeLoad;
  /** While it drains. `sessionsLeft` and `openRequests` are as old as the node's last heartbeat. */
  readonly drain?: DrainInfo & { readonly sessionsLeft: number; readonly openRequests?: number };
}

export interface FleetAnswer extends Answer {
  readonly gateways: readonly NodeAnswer[];
  /** `ringShare`: the part of all channels and users whose home it is, 0 to 1; 0 while it drains. */
  readonly chatServers: readonly (NodeAnswer & { readonly weight: number; readonly ringShare: number })[];
  readonly presence: readonly NodeAnswer[];
}

/** The fleet as this process sees it. Pure. */
export function describeFleet({ nodes, isComplete }: ClusterView): FleetAnswer {
  const ofRole = (role: NodeInfo["role"]) => nodes.filter((info) => info.role === role);
  const chatServers = ofRole("chat-server");
  const ring = createRing(chatServers.filter(({ state }) => state === "up"));
  return {
    complete: isComplete,
    gateways: ofRole("gateway").map(describeNode),
    chatServers: chatServers.map((info) => ({
      ...describeNode(info),
      weight: info.weight,
      ringShare: Math.round(ring.share(info.node) * 1e6) / 1e6,
    })),
    presence: ofRole("presence").map(describeNode),
  };
}

function describeNode({ node, address, process, epoch, state, load, drain }: NodeInfo): NodeAnswer {
  const { sessions: sessionsLeft, openRequests } = load;
  const progress = { sessionsLeft, ...(openRequests === undefined ? {} : { openRequests }) };
  return {
    node,
    address,
    process,
    epoch,
    draining: state === "draining",
    load,
    ...(drain === undefined ? {} : { drain: { ...drain, ...progress } }),
  };
}
