import type { ChannelId, Seq } from "@parley/protocol";
import type { LogEvent } from "@parley/store";
import { foldOf } from "./fold-of.ts";
import type { History, SocketHistory } from "./history.ts";
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
  for (const one of written) {
    switch (one.kind) {
      case "from":
        cursor = one.cursor;
        if (one.isJoined && !fold.intervalsOf(socket.user).some(({ from }) => from === one.cursor + 1))
          history.violate("C4", `${where}: begins after ${one.cursor}, where no membership begins`);
        break;
      case "end":
        cursor = undefined;
        break;
      case "gap":
        if (cursor === undefined || one.to <= cursor) history.violate("C4", `${where}: gap to ${one.to} at ${cursor}`);
        cursor = one.to;
        break;
      case "event": {
        const event = log[one.seq - 1];
        if (event === undefined) history.violate("C5", `${where}: ${one.seq} was delivered, and is not in the log`);
        else if (Buffer.compare(relayedForm(event).payload, one.payload) !== 0)
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
