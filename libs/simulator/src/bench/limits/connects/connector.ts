import { forEachLimited } from "../../../run/limited.ts";
import { spreadOf } from "../../clients/figures.ts";
import type { BareSocket, SocketListener } from "../../side-by-side/generator/bare-socket.ts";
import type { Protocol } from "../../side-by-side/generator/messages.ts";
import { openParley } from "../../side-by-side/generator/parley-socket.ts";
import { openSocketIo } from "../../side-by-side/generator/socket-io-socket.ts";
import {
  type Connected,
  type ConnectorAnswer,
  type ConnectorOrder,
  isConnectorOrder,
  type Person,
} from "./messages.ts";

/** The process that connects. Ends with the channel to its parent. */
const seats: Seat[] = [];

/** A socket that was welcomed, as long as it is open. */
interface Seat {
  readonly socket: BareSocket;
  readonly isOpen: () => boolean;
}

/** Nobody sends here. */
const listener: SocketListener = { onAck() {}, onRefused() {}, onDelivery() {}, onClose() {} };
const creatingMax = 8;
const triesMax = 5;
/** What an overloaded gateway says at the least; bare sockets don't read it. */
const comeBackMs = 5_000;

async function obey(order: ConnectorOrder): Promise<ConnectorAnswer> {
  switch (order.kind) {
    case "rooms":
      await createRooms(order);
      return { kind: "done" };
    case "connect":
      return await connect(order);
    case "leave":
      leave();
      return { kind: "done" };
    default:
      return order satisfies never;
  }
}

async function createRooms({ urls, owners, rooms }: Extract<ConnectorOrder, { kind: "rooms" }>): Promise<void> {
  const opened = await Promise.all(
    owners.map(({ token }, index) => openParley(urls[index % urls.length] ?? "", token, listener)),
  );
  await forEachLimited([...rooms.entries()], creatingMax, async ([index, members]) => {
    await opened[index % opened.length]?.createRoom(`room-${index}`, members);
  });
  for (const socket of opened) socket.close();
}

async function connect(order: Extract<ConnectorOrder, { kind: "connect" }>): Promise<Connected> {
  const { protocol, urls, people, atOnce } = order;
  const connectMs: number[] = [];
  const perTenth: number[] = [];
  const refused: Record<string, number> = {};
  let failed = 0;
  const cpu = process.cpuUsage();
  const beganAt = performance.now();
  let endedAt = beganAt;
  await forEachLimited([...people.entries()], atOnce, async ([index, person]) => {
    const at = performance.now();
    for (let tries = 1; ; tries++) {
      try {
        seats.push(await openOne(protocol, urls[index % urls.length] ?? "", person));
        endedAt = performance.now();
        connectMs.push(endedAt - at);
        const tenth = Math.floor((endedAt - beganAt) / 100);
        perTenth[tenth] = (perTenth[tenth] ?? 0) + 1;
        return;
      } catch (cause) {
        const why = cause instanceof Error ? cause.message : String(cause);
        refused[why] = (refused[why] ?? 0) + 1;
        if (tries === triesMax) {
          failed += 1;
          return;
        }
        await new Promise((resolve) => setTimeout(resolve, comeBackMs));
      }
    }
  });
  const { user, system } = process.cpuUsage(cpu);
  return {
    kind: "connected",
    connectMs: spreadOf(connectMs),
    seconds: (endedAt - beganAt) / 1_000,
    // Holes of the sparse list are tenths without a welcome.
    perTenth: Array.from(perTenth, (count: number | undefined) => count ?? 0),
    refused,
    failed,
    open: seats.filter(({ isOpen }) => isOpen()).length,
    cpuS: (user + system) / 1_000_000,
  };
}

async function openOne(protocol: Protocol, url: string, { user, token, rooms }: Person): Promise<Seat> {
  let isClosed = false;
  const own: SocketListener = {
    ...listener,
    onClose() {
      isClosed = true;
    },
  };
  const isOpen = (): boolean => !isClosed;
  if (protocol === "parley") return { socket: await openParley(url, token, own), isOpen };
  const socket = await openSocketIo(url, user, own);
  await Promise.all(rooms.map((room) => socket.join(room)));
  return { socket, isOpen };
}

function leave(): void {
  for (const { socket } of seats.splice(0)) socket.close();
}

process.on("message", (order) => {
  if (!isConnectorOrder(order)) return;
  obey(order)
    .catch(
      (cause: unknown): ConnectorAnswer => ({
        kind: "failed",
        why: cause instanceof Error ? (cause.stack ?? "") : String(cause),
      }),
    )
    .then((answer) => process.send?.(answer));
});
process.on("disconnect", () => process.exit(0));
