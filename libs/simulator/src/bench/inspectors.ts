import { WebSocket } from "ws";
import { type Fields, isFields } from "../history/content.ts";
import type { System } from "../target/system.ts";

/** To be in the environment of a system that is looked into: each of its processes gets an inspector port of its own. */
export const inspectable = { NODE_OPTIONS: "--inspect-port=127.0.0.1:0" } as const;

const openWithinMs = 10_000;
const listening = /Debugger listening on (ws:\/\/127\.0\.0\.1:\d+\/[0-9a-f-]+)/;

/** The inspector of one process: Chrome's DevTools protocol. */
export interface Inspector {
  readonly pid: number;
  /** The method's result. **Errors**: rejects with what the inspector says, or where it is gone. */
  call(method: string, parameters?: Fields): Promise<Fields>;
  /** What the expression is worth in the process, as JSON; its promise is awaited. **Errors**: as `call`, or it threw. */
  evaluate(expression: string): Promise<unknown>;
  close(): void;
}

/**
 * Opens the inspector of each of these processes. SIGUSR1 makes Node open it; its address goes to stderr, where nothing
 * says whose it is, so that each is asked. **Repeat**: those open already are found again. **Errors**: rejects where one
 * doesn't open within 10 s. **Source**: Node's "Debugger" page.
 */
export async function openInspectors(
  system: Pick<System, "output">,
  pids: readonly number[],
): Promise<readonly Inspector[]> {
  for (const pid of pids) process.kill(pid, "SIGUSR1");
  const end = performance.now() + openWithinMs;
  const byUrl = new Map<string, Inspector>();
  const found = (): readonly Inspector[] => [...byUrl.values()].filter(({ pid }) => pids.includes(pid));
  while (found().length < pids.length && performance.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    for (const url of system.output.flatMap((line) => listening.exec(line)?.[1] ?? [])) {
      if (!byUrl.has(url)) byUrl.set(url, await openInspector(url));
    }
  }
  for (const inspector of byUrl.values()) if (!pids.includes(inspector.pid)) inspector.close();
  if (found().length < pids.length) throw new Error(`of ${pids.length} inspectors only ${found().length} opened`);
  return found();
}

async function openInspector(url: string): Promise<Inspector> {
  const socket = new WebSocket(url, { perMessageDeflate: false, maxPayload: 1 << 30 });
  const waiting = new Map<number, (answer: Fields) => void>();
  await new Promise<void>((resolve, reject) => {
    socket.on("open", resolve);
    socket.on("error", reject);
  });
  socket.on("close", () => {
    for (const answer of waiting.values()) answer({ error: { message: "the inspector is gone" } });
    waiting.clear();
  });
  socket.on("message", (data) => {
    const answer: unknown = JSON.parse(String(data));
    if (!isFields(answer)) return;
    const id = Number(answer["id"]);
    waiting.get(id)?.(answer);
    waiting.delete(id);
  });
  let next = 1;
  const call = async (method: string, parameters: Fields = {}): Promise<Fields> => {
    if (socket.readyState !== socket.OPEN) throw new Error(`${method}: the inspector is gone`);
    const id = next++;
    const answer = await new Promise<Fields>((resolve) => {
      waiting.set(id, resolve);
      socket.send(JSON.stringify({ id, method, params: parameters }));
    });
    const { error, result } = answer;
    if (error !== undefined) throw new Error(`${method}: ${JSON.stringify(error)}`);
    return isFields(result) ? result : {};
  };
  const evaluate = async (expression: string): Promise<unknown> => {
    const answer = await call("Runtime.evaluate", { expression, returnByValue: true, awaitPromise: true });
    if (answer["exceptionDetails"] !== undefined) throw new Error(JSON.stringify(answer["exceptionDetails"]));
    return isFields(answer["result"]) ? answer["result"]["value"] : undefined;
  };
  return { pid: Number(await evaluate("process.pid")), call, evaluate, close: () => socket.close() };
}
