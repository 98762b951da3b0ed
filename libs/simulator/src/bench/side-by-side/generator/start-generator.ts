import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { isAnswer, type Opened, type OpenOrder, type PhaseFigures, type PhaseOrder } from "./messages.ts";

export interface Generator {
  readonly pid: number;
  open(order: Omit<OpenOrder, "kind">): Promise<Opened>;
  /** One phase at a time. **Errors**: rejects where the process failed or ended. */
  phase(order: Omit<PhaseOrder, "kind">): Promise<PhaseFigures>;
  /** By force where it does not end by itself within 10 s. */
  end(): Promise<void>;
}

const endWithinMs = 10_000;

export function startGenerator(): Generator {
  const child = fork(fileURLToPath(new URL("./generator.ts", import.meta.url)), {
    execArgv: ["--disable-warning=ExperimentalWarning"],
  });
  return {
    pid: child.pid ?? 0,
    async open(order) {
      const answer = await ask(child, { kind: "open", ...order });
      if (answer.kind !== "opened") throw new Error(`the generator answered ${answer.kind}`);
      return answer;
    },
    async phase(order) {
      const answer = await ask(child, { kind: "phase", ...order });
      if (answer.kind !== "figures") throw new Error(`the generator answered ${answer.kind}`);
      return answer;
    },
    async end() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, "exit");
      if (child.connected) child.disconnect();
      const timer = setTimeout(() => child.kill("SIGKILL"), endWithinMs);
      await exited;
      clearTimeout(timer);
    },
  };
}

async function ask(child: ChildProcess, order: OpenOrder | PhaseOrder): Promise<Opened | PhaseFigures> {
  const answered = new AbortController();
  const answer = Promise.race([
    once(child, "message", { signal: answered.signal }).then(([message]): unknown => message),
    once(child, "exit", { signal: answered.signal }).then(([code]) => {
      throw new Error(`the generator ended with ${code}`);
    }),
  ]);
  child.send(order);
  const message = await answer.finally(() => answered.abort());
  if (!isAnswer(message)) throw new Error("the generator answered something else");
  if (message.kind === "failed") throw new Error(`the generator failed: ${message.why}`);
  return message;
}
