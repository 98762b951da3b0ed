import { type Members, openMembers } from "./members.ts";
import { type Answer, isOrder, type Order } from "./messages.ts";
import { createPhase, type Phase } from "./phase.ts";

/** The process that holds the clients of a system under measurement. Ends with the channel to its parent. */
let members: Members | undefined;
let phase: Phase | undefined;
let closed = 0;
let base = 0;

async function obey(order: Order): Promise<Answer> {
  if (order.kind === "open") {
    members = await openMembers(order, (member) => ({
      onAck: (message) => phase?.onAck(message),
      onRefused: (message, retryAfterMs) => phase?.onRefused(message, retryAfterMs),
      onDelivery: (message) => phase?.tally.deliver(member, message),
      onGap: (events) => phase?.tally.announce(events),
      onClose: () => {
        closed += 1;
      },
    }));
    return members.opened;
  }
  if (members === undefined) throw new Error("nobody was opened");
  phase = createPhase(order, members, base, () => closed);
  const figures = await phase.run();
  base = phase.tally.end;
  phase = undefined;
  return figures;
}

process.on("message", (order) => {
  if (!isOrder(order)) return;
  obey(order)
    .catch(
      (cause: unknown): Answer => ({
        kind: "failed",
        why: cause instanceof Error ? (cause.stack ?? "") : String(cause),
      }),
    )
    .then((answer) => process.send?.(answer));
});
process.on("disconnect", () => process.exit(0));
