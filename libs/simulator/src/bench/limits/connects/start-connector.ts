import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { type Connected, type ConnectorAnswer, type ConnectorOrder, isConnectorAnswer } from "./messages.ts";

type OrderOf<K extends ConnectorOrder["kind"]> = Omit<Extract<ConnectorOrder, { kind: K }>, "kind">;

/** One order at a time. **Errors**: each rejects where the process failed or ended. */
export interface Connector {
  readonly pid: number;
  createRooms(order: OrderOf<"rooms">): Promise<void>;
  connect(order: OrderOf<"connect">): Promise<Connected>;
  leave(): Promise<void>;
  end(): Promise<void>;
}

export function startConnector(): Connector {
  const child = fork(fileURLToPath(new URL("./connector.ts", import.meta.url)), {
    execArgv: ["--disable-warning=ExperimentalWarning"],
  });
  return {
    pid: child.pid ?? 0,
    async createRooms(order) {
      await ask(child, { kind: "rooms", ...order });
    },
    async connect(order) {
      const answer = await ask(child, { kind: "connect", ...order });
      if (answer.kind !== "connected") throw new Error(`the connector answered ${answer.kind}`);
      return answer;
    },
    async leave() {
      await ask(child, { kind: "leave" });
    },
    async end() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, "exit");
      child.disconnect();
      await exited;
    },
  };
}

async function ask(child: ChildProcess, order: ConnectorOrder): Promise<ConnectorAnswer> {
  const answered = new AbortController();
  const answer = Promise.race([
    once(child, "message", { signal: answered.signal }).then(([message]): unknown => message),
    once(child, "exit", { signal: answered.signal }).then(([code]) => {
      throw new Error(`the connector ended with ${code}`);
    }),
  ]);
  child.send(order);
  const message = await answer.finally(() => answered.abort());
  if (!isConnectorAnswer(message)) throw new Error("the connector answered something else");
  if (message.kind === "failed") throw new Error(`the connector failed: ${message.why}`);
  return message;
}
