import type { AppendRequest } from "./request.ts";
import type { Ticket } from "./ticket.ts";

/**
 * The requests that wait for their place in one log, found by (sender, id). By id alone at first, since ids hold a random
 * part: to join the two into one key for every message would cost more than the rare pair of senders with one id. The
 * only one that waits, which is what most logs have, is in no table at all.
 */
export class PendingTickets<Asker> {
  private alone: Ticket<Asker> | undefined;
  private readonly byId = new Map<string, Ticket<Asker>>();
  private byKey: Map<string, Ticket<Asker>> | undefined;

  find({ sender, id }: AppendRequest): Ticket<Asker> | undefined {
    const { alone } = this;
    if (alone !== undefined) return alone.request.id === id && alone.request.sender === sender ? alone : undefined;
    if (this.byId.size === 0) return undefined;
    const found = this.byId.get(id);
    if (found === undefined || found.request.sender === sender) return found;
    return this.byKey?.get(keyOf(sender, id));
  }

  /** The ticket's (sender, id) is in none that is pending. */
  add(ticket: Ticket<Asker>): void {
    const { alone } = this;
    if (alone === undefined && this.byId.size === 0) {
      this.alone = ticket;
      return;
    }
    if (alone !== undefined) {
      this.alone = undefined;
      this.byId.set(alone.request.id, alone);
    }
    const { sender, id } = ticket.request;
    if (!this.byId.has(id)) {
      this.byId.set(id, ticket);
      return;
    }
    this.byKey ??= new Map();
    this.byKey.set(keyOf(sender, id), ticket);
  }

  /** Does nothing for a ticket that is not in here. */
  remove(ticket: Ticket<Asker>): void {
    if (this.alone !== undefined) {
      if (this.alone === ticket) this.alone = undefined;
      return;
    }
    const { sender, id } = ticket.request;
    if (this.byId.get(id) === ticket) {
      this.byId.delete(id);
      if (this.byKey !== undefined) this.promote(this.byKey, id);
      return;
    }
    const key = keyOf(sender, id);
    if (this.byKey?.get(key) === ticket) this.byKey.delete(key);
  }

  /** Another sender's ticket with the id that is free now is found by the id alone from now on. */
  private promote(byKey: Map<string, Ticket<Asker>>, id: string): void {
    for (const [key, ticket] of byKey) {
      if (ticket.request.id !== id) continue;
      byKey.delete(key);
      this.byId.set(id, ticket);
      return;
    }
  }
}

function keyOf(sender: string, id: string): string {
  return `${sender}\n${id}`;
}
