import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { Socket } from "node:net";
import { LinkError } from "./link-limits.ts";

/*
 * Mutual proof of one shared secret, before anything else is parsed. The listener speaks first, so that it never
 * computes a proof for somebody who has not given one:
 *
 *   listener → dialer   "PLK2" nonceL(32)
 *   dialer → listener   nonceD(32) proofD(32) length(1) name
 *   listener → dialer   proofL(32) length(1) name
 *
 * proof = HMAC-SHA256(secret, side ‖ nonceL ‖ nonceD ‖ name of that side). The side keeps a proof from being played
 * back to its sender. The bytes that follow are not sealed: links belong on a private network.
 */
/** The digit changes with the frames, so that another version is refused here and not at its first attach. */
const magic = Buffer.from("PLK2", "latin1");
const nonceBytes = 32;
const proofBytes = 32;
const namePattern = /^[A-Za-z0-9_-]{1,64}$/;

type Side = "listener" | "dialer";

function prove(secret: string | Uint8Array, side: Side, nonceL: Buffer, nonceD: Buffer, name: string): Buffer {
  return createHmac("sha256", secret).update(`${side}\0`).update(nonceL).update(nonceD).update(name).digest();
}

/** Compares in constant time, then checks the name: a name is worth nothing before its proof. */
function check(expected: Buffer, proof: Buffer, name: string): void {
  if (!timingSafeEqual(expected, proof)) throw new LinkError("the shared secret differs");
  if (!namePattern.test(name)) throw new LinkError("the node name is malformed");
}

/**
 * Reads fixed lengths. What follows stays in the socket, whose own buffer bounds what a stranger can send. One
 * `readable` listener for the whole handshake: added anew with bytes waiting, Node calls it at once, and a stranger who
 * sends one byte would keep this process in a loop.
 */
class ProofReader {
  readonly #socket: Socket;
  #wake: () => void = () => {};
  #error: Error | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("readable", this.#onReadable).on("close", this.#onEnd).on("error", this.#onEnd);
  }

  /** **Errors**: LinkError when the stream ends before. */
  async read(length: number): Promise<Buffer> {
    for (;;) {
      const bytes: Buffer | null = this.#socket.read(length);
      if (bytes?.length === length) return bytes;
      if (this.#error) throw this.#error;
      if (bytes !== null || this.#socket.readableEnded || this.#socket.destroyed) throw closedEarly();
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async readName(): Promise<string> {
    const length = (await this.read(1)).readUInt8();
    return length === 0 ? "" : (await this.read(length)).toString("latin1");
  }

  /** Leaves the socket to its next reader. */
  release(): void {
    this.#socket.off("readable", this.#onReadable).off("close", this.#onEnd).off("error", this.#onEnd);
  }

  readonly #onReadable = (): void => this.#wake();

  readonly #onEnd = (error?: Error | boolean): void => {
    this.#error ??= error instanceof Error ? error : closedEarly();
    this.#wake();
  };
}

function closedEarly(): LinkError {
  return new LinkError("the other end closed during the handshake");
}

/** The listener's side. Returns the dialer's name. **Errors**: LinkError; the caller destroys the socket. */
export async function greetDialer(socket: Socket, secret: string | Uint8Array, node: string): Promise<string> {
  const nonceL = randomBytes(nonceBytes);
  socket.write(Buffer.concat([magic, nonceL]));
  const reader = new ProofReader(socket);
  const nonceD = await reader.read(nonceBytes);
  const proof = await reader.read(proofBytes);
  const name = await reader.readName();
  check(prove(secret, "dialer", nonceL, nonceD, name), proof, name);
  reader.release();
  const answer = prove(secret, "listener", nonceL, nonceD, node);
  socket.write(Buffer.concat([answer, Buffer.from([node.length]), Buffer.from(node, "latin1")]));
  return name;
}

/** The dialer's side. Returns the listener's name. **Errors**: LinkError; the caller destroys the socket. */
export async function greetListener(socket: Socket, secret: string | Uint8Array, node: string): Promise<string> {
  const reader = new ProofReader(socket);
  const head = await reader.read(magic.length + nonceBytes);
  if (!head.subarray(0, magic.length).equals(magic)) throw new LinkError("no link port of this version answers there");
  const nonceL = head.subarray(magic.length);
  const nonceD = randomBytes(nonceBytes);
  const own = prove(secret, "dialer", nonceL, nonceD, node);
  socket.write(Buffer.concat([nonceD, own, Buffer.from([node.length]), Buffer.from(node, "latin1")]));
  const proof = await reader.read(proofBytes).catch((cause: unknown) => {
    throw new LinkError("refused by the other end (is the shared secret the same on both?)", { cause });
  });
  const name = await reader.readName();
  check(prove(secret, "listener", nonceL, nonceD, name), proof, name);
  reader.release();
  return name;
}
