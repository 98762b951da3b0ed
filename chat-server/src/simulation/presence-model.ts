import type { Connection, PresenceRegistry, UserPresence } from "@parley/cluster";
import type { UserId } from "@parley/protocol";
import type { ObserverModel, RegistryModel } from "./registry-model.ts";

/** One entry a connection, under the lease of its node (rule 21). */
export class PresenceModel {
  private readonly entries = new Map<UserId, Map<string, Connection>>();
  private readonly registry: RegistryModel;

  constructor(registry: RegistryModel) {
    this.registry = registry;
  }

  /** Connections whose node lives. */
  connectionsOf(user: UserId): readonly Connection[] {
    return [...(this.entries.get(user)?.values() ?? [])].filter((connection) => this.registry.holds(connection));
  }

  put(user: UserId, connection: Connection): void {
    const connections = this.entries.get(user) ?? new Map<string, Connection>();
    this.entries.set(user, connections.set(connection.connection, connection));
  }

  remove(user: UserId, connection: string): void {
    this.entries.get(user)?.delete(connection);
  }

  removeAll(user: UserId): void {
    this.entries.delete(user);
  }

  /** As one process sees it: what it could not tell is made up for once the registry is back. */
  portOf(observer: ObserverModel): PresenceRegistry {
    return {
      put: async (user, connection) => {
        this.put(user, connection);
        observer.mustReach();
      },
      remove: async (user, connection) => {
        this.remove(user, connection);
        observer.mustReach();
      },
      query: async (users) => {
        observer.mustReach();
        return new Map(
          users.map((user): [UserId, UserPresence] => [user, { user, connections: this.connectionsOf(user) }]),
        );
      },
      online: async () => ({ users: [] }),
      reap: async () => 0,
    };
  }
}
