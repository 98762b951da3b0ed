import { setTimeout as pause } from "node:timers/promises";
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker, workerData } from "node:worker_threads";

/** What the thread of a far end is given. */
interface FarEndData<Setup> {
  readonly setup: Setup;
  /** One number: whose turn it is. */
  readonly baton: Int32Array<SharedArrayBuffer>;
  readonly port: MessagePort;
}

/**
 * The other side of a measured server: clients, gateways or chat servers from a script, in a thread of their own, so that
 * nothing they do or allocate counts.
 *
 * The two threads **take turns**: one stands still while the other runs some turns of its loop. Otherwise they would race:
 * how many frames come in one batch, and how often a write must wake a core that sleeps, would differ from run to run, and
 * the figures with them.
 */
export interface FarEnd {
  /** Has the far end do something, until all that is to come back is there; resolves to its answer. */
  ask(wish: string): Promise<unknown>;
  close(): Promise<void>;
}

/** Does what is wished for. What it writes goes out within the same pass; resolves when all has come back. */
export type FarEndScript = (wish: string) => Promise<unknown>;

const turnOf = { near: 0, far: 1 } as const;
/** Turns of a loop in one pass: a chat server needs some from a request to its last batch. */
const turnsAPass = 8;
/** Beyond it something waits for what never comes. */
const passesMax = 20_000;
const silenceMs = 20_000;

/** `module`: a file that calls {@link serveFarEnd}. **Errors**: `ask` rejects where the far end fails or goes silent. */
export function startFarEnd<Setup>(module: URL, setup: Setup): FarEnd {
  const baton = new Int32Array(new SharedArrayBuffer(4));
  const { port1: near, port2: port } = new MessageChannel();
  const data: FarEndData<Setup> = { setup, baton, port };
  const worker = new Worker(module, { workerData: data, transferList: [port] });
  const pass = (): boolean => {
    hand(baton, turnOf.far);
    return Atomics.wait(baton, 0, turnOf.far, silenceMs) !== "timed-out";
  };
  return {
    async ask(wish) {
      near.postMessage(wish);
      for (let count = 0; count < passesMax; count++) {
        if (!pass()) break;
        const answer = receiveMessageOnPort(near);
        if (answer !== undefined) return answer.message;
        await runTurns();
      }
      // An error in its thread is told by an event, which nobody could see while we stood still.
      await pause(100);
      throw new Error(`the far end never finished: ${wish}`);
    },
    async close() {
      await worker.terminate();
    },
  };
}

/** Of a far end's module: answers wishes with the script of that setup, which may ask the other side from the start. */
export async function serveFarEnd<Setup>(open: (setup: Setup) => Promise<FarEndScript>): Promise<void> {
  const { setup, baton, port } = workerData as FarEndData<Setup>;
  let script: FarEndScript | undefined;
  const opened = open(setup).then((made) => {
    script = made;
  });
  for (;;) {
    Atomics.wait(baton, 0, turnOf.near);
    const asked = receiveMessageOnPort(port);
    if (asked !== undefined) void answer(String(asked.message));
    await runTurns();
    hand(baton, turnOf.near);
  }

  async function answer(wish: string): Promise<void> {
    await opened;
    port.postMessage(await script?.(wish));
  }
}

function hand(baton: Int32Array<SharedArrayBuffer>, to: number): void {
  Atomics.store(baton, 0, to);
  Atomics.notify(baton, 0);
}

async function runTurns(): Promise<void> {
  for (let turn = 0; turn < turnsAPass; turn++) await new Promise(setImmediate);
}
