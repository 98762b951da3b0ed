import { Cluster, type Redis } from "ioredis";
import { type RedisClient, withDeadline } from "./redis-client.ts";

/** How often a connection is asked whether it lives, ms. */
export const pingIntervalMs = 1_000;
/** Silence after which a connection is given up and opened anew, ms: the kernel alone takes a quarter of an hour. */
export const pingTimeoutMs = 2_000;

const tickMs = 250;
/** A tick that is so late says that this process stood still, ms. */
const stallMs = 750;

/** Watches one client by application-level pings. */
export interface Pulse {
  /** True from the first answer after a (re)connect until the connection ends or a ping stays unanswered. */
  readonly isUp: boolean;
  onChange(listener: (isUp: boolean) => void): void;
  /** Ends the client too. */
  stop(): void;
}

/**
 * Pings every second; an answer missing for two seconds means that the socket is half-open (or the server stands
 * still), so the client is made to connect anew. In Cluster mode every master must answer.
 */
export function startPulse(client: RedisClient): Pulse {
  const listeners: ((isUp: boolean) => void)[] = [];
  let isUp = false;
  let isStopped = false;
  let isPinging = false;
  let idleLooks = 0;
  let notReadySince = performance.now();
  let tickedAt = performance.now();
  let stalledAt = 0;

  function set(next: boolean): void {
    if (isStopped || next === isUp) return;
    isUp = next;
    for (const listener of listeners) listener(next);
  }

  async function ping(): Promise<void> {
    if (isPinging || isStopped) return;
    if (client.status !== "ready") {
      set(false);
      // ioredis gives a client up when it is disconnected while its connector is at work, and a pool without nodes may
      // stay on its way out for ever. We never give up: two looks in a row without a try to connect, and we make one.
      idleLooks = isIdle(client.status) ? idleLooks + 1 : 0;
      if (idleLooks >= 2) client.connect().catch(() => undefined);
      // Connected by the kernel, but nobody answers the handshake.
      if (performance.now() - notReadySince > 2 * pingTimeoutMs) restart();
      return;
    }
    isPinging = true;
    try {
      await pingUnlessStalled();
      if (isReady(client)) set(true);
    } catch {
      set(false);
      restart();
    } finally {
      isPinging = false;
    }
  }

  /** When this process itself stood still, the answer may lie in the socket unread: only a second silence counts. */
  async function pingUnlessStalled(): Promise<void> {
    const startedAt = performance.now();
    try {
      await withDeadline(pingTwice(client), pingTimeoutMs, "A ping");
    } catch (error) {
      noteStall();
      if (stalledAt < startedAt || !isReady(client)) throw error;
      await withDeadline(pingTwice(client), pingTimeoutMs, "A ping");
    }
  }

  function noteStall(): void {
    const now = performance.now();
    if (now - tickedAt > stallMs) stalledAt = now;
    tickedAt = now;
  }

  function restart(): void {
    if (isStopped) return;
    notReadySince = performance.now();
    client.disconnect(true);
  }

  function watch(connection: RedisClient): void {
    connection.on("ready", () => void ping());
    connection.on("close", () => {
      notReadySince = performance.now();
      set(false);
    });
  }

  watch(client);
  // In Cluster mode the pool stays "ready" when the connection to one of its nodes ends.
  if (client instanceof Cluster) client.on("+node", (node: Redis) => watch(node));
  const timer = setInterval(() => void ping(), pingIntervalMs);
  timer.unref();
  const ticker = setInterval(noteStall, tickMs);
  ticker.unref();
  if (client.status === "ready") void ping();

  return {
    get isUp() {
      return isUp;
    },
    onChange: (listener) => void listeners.push(listener),
    stop() {
      set(false);
      isStopped = true;
      clearInterval(timer);
      clearInterval(ticker);
      client.disconnect();
    },
  };
}

function isIdle(status: RedisClient["status"]): boolean {
  return status === "end" || status === "close" || status === "disconnecting";
}

function isReady(client: RedisClient): boolean {
  if (client.status !== "ready") return false;
  return !(client instanceof Cluster) || client.nodes("master").every(({ status }) => status === "ready");
}

/** A command gives up before half of the patience is over: a server that was busy for a second is not given up for it. */
async function pingTwice(client: RedisClient): Promise<void> {
  try {
    await pingAll(client);
  } catch (error) {
    if (!isReady(client)) throw error;
    await pingAll(client);
  }
}

async function pingAll(client: RedisClient): Promise<void> {
  if (!(client instanceof Cluster)) {
    await client.ping();
    return;
  }
  const masters = client.nodes("master");
  if (masters.length === 0) throw new Error("No master is known.");
  await Promise.all(masters.map((node) => node.ping()));
}
