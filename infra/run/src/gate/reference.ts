import { hash } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** One piece of reference work is so much; which share of it is system calls must fit what it stands beside. */
export interface ReferenceMix {
  /** Pieces of a run. */
  readonly pieces: number;
  /** After so many pieces one small write to a socket. */
  readonly piecesAWrite: number;
}

/**
 * Work of the kind that servers do (JSON, maps, hashes, buffers, promises, small writes to a socket of this machine), and
 * that no change of ours touches. What a message costs is measured in it: whatever makes the one slower on a machine, or
 * in a bad moment, makes the other slower alike.
 *
 * **It must never change**: every committed figure is a multiple of it.
 */
export interface Reference {
  run(mix: ReferenceMix): Promise<void>;
  close(): void;
}

const keyCount = 4_096;
const tickPieces = 64;
const text = "as people write, ".repeat(7);

export async function openReference(): Promise<Reference> {
  const sockets = await openSockets();
  const known = new Map<string, { readonly seq: number; readonly digest: string; readonly bytes: Buffer }>();
  const chunk = Buffer.alloc(400, "x");
  let count = 0;

  async function piece(): Promise<number> {
    const number = count++;
    const request = JSON.stringify({ type: "send", id: `m${number}`, channel: `g${number % keyCount}`, text });
    const frame: unknown = JSON.parse(Buffer.from(request).toString("utf8"));
    if (!isRequest(frame)) throw new Error("no request");
    const digest = hash("sha256", `${frame.id}\n${frame.text}`, "base64url").slice(0, 22);
    const seq = (known.get(frame.channel)?.seq ?? 0) + 1;
    const event = { type: "event", channel: frame.channel, seq, id: frame.id, time: number, text: frame.text };
    const bytes = Buffer.from(JSON.stringify(event));
    known.set(frame.channel, { seq, digest, bytes });
    return await Promise.resolve(bytes.length);
  }

  return {
    async run({ pieces, piecesAWrite }) {
      let written = 0;
      for (let done = 0; done < pieces; done += tickPieces) {
        const tick = Array.from({ length: Math.min(tickPieces, pieces - done) }, piece);
        for (const [index] of tick.entries()) {
          if ((done + index) % piecesAWrite !== 0) continue;
          sockets.near.write(chunk);
          written += chunk.length;
        }
        await Promise.all(tick);
        await sockets.arrived(written);
      }
      sockets.reset();
    },
    close: () => sockets.close(),
  };
}

interface Sockets {
  readonly near: Socket;
  /** Resolves when so many bytes have come through since the last reset; always a turn of the loop later. */
  arrived(bytes: number): Promise<void>;
  reset(): void;
  close(): void;
}

async function openSockets(): Promise<Sockets> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  let received = 0;
  let waiting = { bytes: 0, resolve: (): void => {} };
  const near = connect((server.address() as AddressInfo).port, "127.0.0.1");
  const [far] = (await once(server, "connection")) as [Socket];
  far.on("data", (data) => {
    received += data.length;
    if (received >= waiting.bytes) waiting.resolve();
  });
  near.setNoDelay(true);
  return {
    near,
    // Never by looking again and again: on a machine that is busy bytes are late, and looking would count as work.
    arrived: (bytes) =>
      new Promise((resolve) => {
        if (received >= bytes) setImmediate(resolve);
        else waiting = { bytes, resolve };
      }),
    reset() {
      received = 0;
    },
    close() {
      near.destroy();
      far.destroy();
      server.close();
    },
  };
}

interface Request {
  readonly id: string;
  readonly channel: string;
  readonly text: string;
}

function isRequest(value: unknown): value is Request {
  return typeof value === "object" && value !== null && "id" in value && "channel" in value && "text" in value;
}
