import { connectLink, type DownFrame, type GatewayLink } from "@parley/link";
import { serveFarEnd } from "../far-end.ts";

export interface FarGatewaysSetup {
  readonly servers: readonly { readonly node: string; readonly address: string }[];
  readonly secret: string;
  readonly rooms: number;
  /** People of one room; every second one is at the second server. */
  readonly members: number;
  /** People of a room who send one message each a round. */
  readonly senders: number;
}

const text = "as people write, ".repeat(7);

interface Person {
  readonly user: string;
  readonly attachment: number;
  readonly link: GatewayLink;
  ordinal: number;
  channel: string;
  cursor: number;
}

interface Said {
  readonly person: Person;
  readonly frame: string;
}

/** A gateway's side of one link to each chat server, with all people of all rooms attached through them. */
class FarGateways {
  readonly #setup: FarGatewaysSetup;
  readonly #people: Person[] = [];
  readonly #counts: Record<string, number> = { "frames down": 0, answers: 0, deliveries: 0, "payload bytes down": 0 };
  #rounds = 0;
  #last: readonly Said[] = [];
  #missing = { answers: 0, deliveries: 0 };
  #onComplete: () => void = () => {};

  constructor(setup: FarGatewaysSetup, links: readonly GatewayLink[]) {
    this.#setup = setup;
    for (const link of links) {
      link.onFrame((frame) => this.#take(frame));
      link.onClose((reason) => {
        throw new Error(`a link was closed: ${reason}`);
      });
    }
    for (let index = 0; index < setup.rooms * setup.members; index++) {
      const link = links[index % links.length];
      if (link === undefined) throw new Error("there are no links");
      this.#people.push({ user: `user-${index}`, attachment: index + 1, link, ordinal: 1, channel: "", cursor: 0 });
    }
  }

  async #open(): Promise<void> {
    const all = this.#people.length;
    await this.#until({ answers: all, deliveries: 0 }, () => {
      for (const { user, attachment, link } of this.#people) {
        const connection = `connection-${user}`;
        const times = { tokenExpiresAt: Date.now() + 3_600_000, since: Date.now(), ageMs: 0 };
        link.send({ type: "attach", attachment, connection, user, device: "d", isNew: true, cursors: [], ...times });
      }
    });
    const { members } = this.#setup;
    const creators = this.#people.filter((_person, index) => index % members === 0);
    await this.#until({ answers: creators.length, deliveries: all }, () => {
      for (const creator of creators) {
        const others = this.#people.slice(creator.attachment, creator.attachment + members - 1).map(({ user }) => user);
        this.#send(creator, JSON.stringify({ type: "channel.create", id: "c1", kind: "group", members: others }));
      }
    });
  }

  /**
   * `open`: once, first. `send`: new messages. `repeat`: those of the last `send` again, as after a lost connection.
   * `read`: as many read marks, where they are already: little but the way of a request to its handler.
   */
  async ask(wish: string): Promise<unknown> {
    switch (wish) {
      case "open":
        return await this.#open();
      case "counts":
        return { ...this.#counts };
      case "send":
        this.#last = this.#nextMessages();
        return await this.#talk(this.#last, this.#setup.members);
      case "repeat":
        return await this.#talk(this.#last, 0);
      case "read":
        return await this.#talk(this.#last.map(toReadMark), 0);
      default:
        throw new Error(`nobody can ${wish}`);
    }
  }

  #nextMessages(): readonly Said[] {
    const { rooms, members, senders } = this.#setup;
    const turn = this.#rounds++ * senders;
    return Array.from({ length: rooms * senders }, (_, index) => {
      const room = Math.floor(index / senders);
      const person = this.#people[room * members + ((turn + (index % senders)) % members)];
      if (person === undefined) throw new Error("nobody is there");
      const { channel, ordinal } = person;
      return { person, frame: JSON.stringify({ type: "send", id: `m${ordinal}`, channel, text }) };
    });
  }

  async #talk(said: readonly Said[], deliveriesEach: number): Promise<void> {
    await this.#until({ answers: said.length, deliveries: said.length * deliveriesEach }, () => {
      for (const { person, frame } of said) this.#send(person, frame);
    });
  }

  #send(person: Person, frame: string): void {
    const { attachment, link } = person;
    link.send({ type: "request", attachment, ordinal: person.ordinal++, isRepeat: false, bytes: Buffer.from(frame) });
  }

  #until(missing: { answers: number; deliveries: number }, write: () => void): Promise<void> {
    this.#missing = missing;
    return new Promise((resolve) => {
      this.#onComplete = resolve;
      write();
    });
  }

  #take(frame: DownFrame): void {
    this.#count("frames down", 1);
    switch (frame.type) {
      case "attached":
        this.#missing.answers -= 1;
        break;
      case "direct":
        this.#count("payload bytes down", frame.payload.length);
        if (frame.ordinal === undefined) break;
        this.#count("answers", 1);
        this.#missing.answers -= 1;
        if (Buffer.from(frame.payload).includes('"type":"error"'))
          throw new Error(Buffer.from(frame.payload).toString());
        break;
      case "track":
        this.#find(frame.attachment).channel = frame.channel;
        this.#find(frame.attachment).cursor = frame.cursor;
        break;
      case "events":
        for (const payload of frame.payloads) this.#count("payload bytes down", payload.length);
        for (const attachment of frame.attachments) {
          const person = this.#find(attachment);
          const last = frame.from + frame.payloads.length - 1;
          const news = Math.max(0, last - person.cursor);
          if (frame.from > person.cursor + 1) throw new Error(`a hole before ${frame.from}`);
          person.cursor += news;
          this.#count("deliveries", news);
          this.#missing.deliveries -= news;
        }
        break;
      case "settled":
        this.#missing.answers -= frame.ordinals.length;
        break;
      case "keep":
      case "cast":
        break;
      default:
        throw new Error(`${frame.type} was not to come`);
    }
    if (this.#missing.answers <= 0 && this.#missing.deliveries <= 0) this.#onComplete();
  }

  #count(name: string, more: number): void {
    this.#counts[name] = (this.#counts[name] ?? 0) + more;
  }

  #find(attachment: number): Person {
    const person = this.#people[attachment - 1];
    if (person === undefined) throw new Error(`nobody is at ${attachment}`);
    return person;
  }
}

/** Everybody has read to the first event, and further. */
function toReadMark({ person }: Said): Said {
  return { person, frame: JSON.stringify({ type: "read", channel: person.channel, seq: 1 }) };
}

await serveFarEnd(async (setup: FarGatewaysSetup) => {
  const { servers, secret } = setup;
  const links = await Promise.all(servers.map(({ address }) => connectLink({ address, secret, node: "gateway-1" })));
  const gateways = new FarGateways(setup, links);
  return (wish) => gateways.ask(wish);
});
