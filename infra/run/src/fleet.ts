import type { ClusterSettings } from "./settings.ts";
import type { ChildSpec } from "./supervisor.ts";

type Environment = Readonly<Record<string, string>>;

/**
 * The processes of `npm run cluster` in the stages that they are started in: the embedded store if it is one of them, then
 * chat servers, since a gateway without any refuses clients. Gateway i listens on port + i (joined ones after the others), presence after them.
 */
export function planFleet(settings: ClusterSettings, common: Environment): readonly (readonly ChildSpec[])[] {
  const { gateways, chatServers, joined, port } = settings;
  const portOf = (index: number): string => String(port === 0 ? 0 : port + index);
  const spec = (role: string, node: string, more: Environment): ChildSpec => {
    return { role, node, environment: { ...common, ...more, PARLEY_ROLE: role, PARLEY_NODE: node } };
  };
  const many = (count: number, make: (index: number) => ChildSpec): ChildSpec[] => {
    return Array.from({ length: count }, (_, index) => make(index));
  };
  return [
    settings.store === "lmdb" ? [spec("store", "store-1", {})] : [],
    many(chatServers, (index) => spec("chat-server", `chat-${index + 1}`, {})),
    [
      ...many(gateways, (index) => spec("gateway", `gateway-${index + 1}`, { PARLEY_PORT: portOf(index) })),
      ...many(joined, (index) => spec("joined", `joined-${index + 1}`, { PARLEY_PORT: portOf(gateways + index) })),
    ],
    [spec("presence", "presence-1", { PARLEY_PORT: portOf(gateways + joined) })],
  ];
}
