import { type ChatServerLink, listenLinks, type UpFrame } from "@parley/link";
import { serveFarEnd } from "../far-end.ts";

export interface FarClientsSetup {
  readonly wsUrl: string;
  readonly secret: string;
  /** One a client. */
  readonly tokens: readonly string[];
  /** Clients of one room; each is in one. */
  readonly members: number;
  /** Messages of a room and round. */
  readonly messages: number;
}

const text = "as people write, ".repeat(7);
const time = 1_700_000_000_000;

interface Room {
  readonly channel: string;
  readonly attachments: number[];
  head: number;
}

/** Both sides of a gateway: its clients, and the chat server that all of them are placed at. */
class FarClients {
  readonly #address: string;
  readonly #setup: FarClientsSetup;
  readonly #clients: WebSocket[] = [];
  readonly #rooms: readonly Room[];
  readonly #counts = { requests: 0, answers: 0, deliveries: 0, "payload bytes to clients": 0 };
  #link: ChatServerLink | undefined;
  #requests: { readonly attachment: number; readonly ordinal: number }[] = [];
  #missing = 0;
  #onComplete: () => void = () => {};
  #count = 0;

  private constructor(setup: FarClientsSetup, address: string) {
    this.#setup = setup;
    this.#address = address;
    const rooms = setup.tokens.length / setup.members;
    this.#rooms = Array.from({ length: rooms }, (_, room) => ({ channel: `g${room}`, attachments: [], head: 0 }));
  }

  static async open(setup: FarClientsSetup): Promise<FarClients> {
    let onLink: (link: ChatServerLink) => void = () => {};
    const listening = { host: "127.0.0.1", port: 0, secret: setup.secret, node: "chat-1" };
    const { address } = await listenLinks({ ...listening, onLink: (link) => onLink(link) });
    const clients = new FarClients(setup, address);
    onLink = (link) => {
      clients.#link = link;
      link.onFrame((frame) => clients.#takeUp(frame));
    };
    return clients;
  }

  /** `connect`: once, first, with the chat server registered at `address`. `request`: each takes its turn to send, and gets an ack. `events`: of all rooms. */
  async ask(wish: string): Promise<unknown> {
    switch (wish) {
      case "address":
        return this.#address;
      case "counts":
        return { ...this.#counts };
      case "connect":
        // One after the other, so that attachments are numbered as clients are.
        for (const token of this.#setup.tokens) await this.#connect(token);
        return;
      case "request":
        return await this.#until(this.#rooms.length * this.#setup.messages, () => this.#sendRequests());
      case "events":
        return await this.#until(this.#setup.tokens.length * this.#setup.messages, () => this.#sendEvents());
      default:
        throw new Error(`nobody can ${wish}`);
    }
  }

  async #connect(token: string): Promise<void> {
    const client = new WebSocket(this.#setup.wsUrl, "parley.v1");
    const device = `device-${this.#clients.length}`;
    this.#clients.push(client);
    client.addEventListener("open", () => client.send(JSON.stringify({ type: "hello", token, device, protocol: 1 })));
    client.addEventListener("message", ({ data }) => this.#takeDown(String(data)));
    client.addEventListener("close", ({ code, reason }) => {
      throw new Error(`a client was closed: ${code} ${reason}`);
    });
    await this.#until(1, () => {});
  }

  #sendRequests(): void {
    const { members, messages } = this.#setup;
    for (let message = 0; message < messages; message++) {
      const turn = this.#count++;
      for (const [room, { channel }] of this.#rooms.entries()) {
        const client = this.#clients[room * members + (turn % members)];
        client?.send(JSON.stringify({ type: "send", id: `m${turn}`, channel, text }));
      }
    }
  }

  #sendEvents(): void {
    for (const room of this.#rooms) {
      const { attachments, channel } = room;
      const from = room.head + 1;
      room.head += this.#setup.messages;
      const payloads = Array.from({ length: this.#setup.messages }, (_, index) => {
        const event = { type: "event", channel, seq: from + index, kind: "message", sender: "user-1", time, text };
        return Buffer.from(JSON.stringify(event));
      });
      this.#link?.send({ type: "events", attachments, channel, from, payloads });
    }
  }

  #takeUp(frame: UpFrame): void {
    switch (frame.type) {
      case "attach":
        this.#confirm(frame.attachment);
        break;
      case "request":
        this.#counts.requests += 1;
        this.#requests.push(frame);
        // All at once, however they came: the gateway gets the same batch in every round.
        if (this.#requests.length === this.#rooms.length * this.#setup.messages) this.#answer();
        break;
      default:
        throw new Error(`${frame.type} was not to come`);
    }
  }

  #confirm(attachment: number): void {
    const room = this.#rooms[Math.floor((this.#clients.length - 1) / this.#setup.members)];
    if (room === undefined) throw new Error("there is no room left");
    room.attachments.push(attachment);
    const payload = Buffer.from('{"type":"welcome"}');
    this.#link?.send({ type: "attached", attachment, baseline: [[room.channel, 0]], payload });
  }

  #answer(): void {
    for (const { attachment, ordinal } of this.#requests.splice(0)) {
      const payload = Buffer.from(JSON.stringify({ type: "ack", id: "m1", channel: "g1", seq: ordinal, time }));
      this.#link?.send({ type: "direct", attachment, ordinal, payload });
    }
  }

  #takeDown(data: string): void {
    this.#counts["payload bytes to clients"] += data.length;
    this.#counts[data.startsWith('{"type":"event"') ? "deliveries" : "answers"] += 1;
    this.#missing -= 1;
    if (this.#missing === 0) this.#onComplete();
  }

  #until(missing: number, write: () => void): Promise<void> {
    this.#missing = missing;
    return new Promise((resolve) => {
      this.#onComplete = resolve;
      write();
    });
  }
}

await serveFarEnd(async (setup: FarClientsSetup) => {
  const clients = await FarClients.open(setup);
  return (wish) => clients.ask(wish);
});
