import { inspectable } from "../../inspectors.ts";
import { type ParleySystem, startParley } from "../../side-by-side/systems.ts";

export interface FleetSize {
  readonly gateways: number;
  readonly chatServers: number;
  readonly store: "mongodb" | "lmdb";
  /** Whether the inspectors of its processes can be opened, to make them collect garbage when it is asked for. */
  readonly isInspectable?: boolean;
}

/** An address, in which a space of a path is no end of the option. */
const preload = new URL("./never-idle.ts", import.meta.url).href;

/** A fleet with each role in processes of its own, which behave as busy ones do whatever they are asked. */
export function startBusyFleet({
  gateways,
  chatServers,
  store,
  isInspectable = false,
}: FleetSize): Promise<ParleySystem> {
  const counts = ["--gateways", String(gateways), "--chat-servers", String(chatServers)];
  const options = [`--import=${preload}`, ...(isInspectable ? [inspectable.NODE_OPTIONS] : [])];
  const args = store === "lmdb" ? [...counts, "--store", "lmdb"] : counts;
  return startParley("cluster", args, { NODE_OPTIONS: options.join(" ") });
}
