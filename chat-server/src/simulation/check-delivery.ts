import type { ChannelId, Seq, UserId } from "@parley/protocol";
import type { LogEvent } from "@parley/store";
import { eraseBody } from "@parley/store/testing";
import type { ChannelFold } from "../channel/fold.ts";
import { toRelayed } from "../relay/relayed-event.ts";
import { foldOf } from "./fold-of.ts";
import type { History, SocketHistory, Written } from "./history.ts";
import type { StoreModel } from "./store-model.ts";
import { relayedForm } from "./world.ts";

/** C4, C7 and C8: what one socket was sent of one channel. */
export function checkDelivery(
  history: History,
  socket: SocketHistory,
  channel: ChannelId,
  log: readonly LogEvent[],
  store: StoreModel,
): void {
  const written = socket.channels.get(channel);
  if (written === undefined) return;
  const fold = foldOf(log);
  const where = `device ${socket.device} (${socket.user}), ${channel}`;
  let cursor: Seq | undefined;
  for (const [place, one] of written.entries()) {
    switch (one.kind) {
      case "from":
        cursor = one.cursor;
        if (one.isJoined && !beginsAt(fold, socket.user, one.cursor, written[place + 1]))
          history.violate("C4", `${where}: begins after ${one.cursor}, where no membership begins`);
        break;
      case "end":
        cursor = undefined;
        break;
      case "gap":
        if (cursor === undefined || one.to <= cursor) history.violate("C4", `${where}: gap to ${one.to} at ${cursor}`);
        cursor = one.to;
        break;
      case "reset":
        // These logs never get shorter.
        history.violate("16", `${where}: reset from ${one.from} to ${one.head}`);
        cursor = one.head;
        break;
      case "event": {
        const event = log[one.seq - 1];
        if (event === undefined) history.violate("C5", `${where}: ${one.seq} was delivered, and is not in the log`);
        else if (!isOf(event, one.payload))
          history.violate("C4", `${where}: other bytes of ${one.seq} than in the log`);
        if (cursor === undefined || one.seq !== cursor + 1)
          history.violate("C4", `${where}: ${one.seq} was sent after ${cursor}`);
        if (store.headAt(one.at) < one.seq)
          history.violate("C7", `${where}: ${one.seq} was sent before it was durable`);
        if (!fold.maySee(socket.user, one.seq)) history.violate("C8", `${where}: ${one.seq} is outside the membership`);
        cursor = one.seq;
        break;
      }
      default:
        one satisfies never;
    }
  }
}

/** As it was written, or as a deletion left it. */
function isOf(event: LogEvent, payload: Uint8Array): boolean {
  if (Buffer.compare(relayedForm(event).payload, payload) === 0) return true;
  return Buffer.compare(toRelayed({ ...event, body: eraseBody(event.body) }).payload, payload) === 0;
}

/** A channel that one has come back to begins where one left it, and the hole is announced at once. */
function beginsAt(fold: ChannelFold, user: UserId, cursor: Seq, next: Written | undefined): boolean {
  const start = next?.kind === "gap" ? next.to : cursor;
  return fold.intervalsOf(user).some(({ from }) => from === start + 1 || from === cursor + 1);
}
