import fc from "fast-check";
import { expect, test } from "vitest";
import { PendingTickets } from "./pending-tickets.ts";
import { newTicket, type Ticket } from "./ticket.ts";

const requestOf = (sender: string, id: string) =>
  ({ channel: "c", sender, id, hash: "", wish: { kind: "message", text: "" } }) as const;

test("does what a map by (sender, id) does, for any order of adding and removing", () => {
  const step = fc.record({ sender: fc.constantFrom("a", "b", "c"), id: fc.constantFrom("1", "2"), adds: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const pending = new PendingTickets<string>();
      const expected = new Map<string, Ticket<string>>();
      for (const [order, { sender, id, adds }] of steps.entries()) {
        const request = requestOf(sender, id);
        const known = expected.get(`${sender} ${id}`);
        if (adds && known === undefined) {
          const ticket = newTicket(request, order, ["asker"], 0);
          pending.add(ticket);
          expected.set(`${sender} ${id}`, ticket);
        } else if (!adds && known !== undefined) {
          pending.remove(known);
          // A second time does nothing.
          pending.remove(known);
          expected.delete(`${sender} ${id}`);
        }
        for (const one of ["a", "b", "c"]) {
          for (const other of ["1", "2"]) {
            expect(pending.find(requestOf(one, other))).toBe(expected.get(`${one} ${other}`));
          }
        }
      }
    }),
  );
});
