import { vi } from "vitest";
import { WebSocket } from "ws";

export interface ReceivedFrame {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** A plain `ws` client that records what it gets. */
export class TestClient {
  readonly ws: WebSocket;
  readonly frames: ReceivedFrame[] = [];
  closed: { readonly code: number; readonly reason: string } | undefined;

  constructor(url: string, options: { readonly protocols?: string[]; readonly origin?: string } = {}) {
    this.ws = new WebSocket(url, options.protocols ?? ["parley.v1"], options.origin ? { origin: options.origin } : {});
    this.ws.on("message", (data) => this.frames.push(JSON.parse(String(data)) as ReceivedFrame));
    this.ws.on("close", (code, reason) => {
      this.closed = { code, reason: String(reason) };
    });
    this.ws.on("error", () => {});
  }

  async open(): Promise<this> {
    await vi.waitUntil(() => this.ws.readyState !== WebSocket.CONNECTING, { timeout: 10_000, interval: 2 });
    return this;
  }

  send(frame: object | string): void {
    this.ws.send(typeof frame === "string" ? frame : JSON.stringify(frame));
  }

  hello(token: string, more: object = {}): void {
    this.send({ type: "hello", token, device: "phone", protocol: 1, ...more });
  }

  ofType(type: string): ReceivedFrame[] {
    return this.frames.filter((frame) => frame.type === type);
  }

  /** The first frame that fits, when it has come. */
  async frame(type: string, fits: (frame: ReceivedFrame) => boolean = () => true): Promise<ReceivedFrame> {
    return await vi.waitFor(
      () => {
        const found = this.frames.find((frame) => frame.type === type && fits(frame));
        if (found === undefined) throw new Error(`no ${type} yet: ${JSON.stringify(this.frames)} ${this.closed?.code}`);
        return found;
      },
      { timeout: 10_000, interval: 2 },
    );
  }

  async closeCode(): Promise<number> {
    await vi.waitUntil(() => this.closed !== undefined, { timeout: 10_000, interval: 2 });
    return this.closed?.code ?? 0;
  }
}
