import type { Fields } from "../../history/content.ts";
import type { Random } from "../../random.ts";
import { openCrowd } from "../clients/crowd.ts";
import type { RawClient } from "../clients/raw-client.ts";

/** What one room's writers did in one round. */
export interface Written {
  readonly channel: string;
  readonly members: readonly string[];
  /** seq → `sender/id` of what was acked. */
  readonly acked: Map<number, string>;
  /** Sent and never answered: may be in the log or not. */
  readonly open: Map<string, { readonly user: string; readonly frame: Fields }>;
}

export interface WritersOptions {
  readonly urls: readonly string[];
  readonly tokenOf: (user: string) => string;
  readonly random: Random;
  /** Unique in the run. */
  readonly name: string;
  readonly rooms: number;
  readonly roomSize: number;
  /** Requests that one writer has under way. */
  readonly window: number;
}

export interface Writers {
  readonly written: readonly Written[];
  acked(): number;
  /** Resolves when every socket has ended, whoever ended it. */
  readonly ended: Promise<void>;
}

/** People who write without a pause until their sockets end: messages, edits of them, reactions. */
export async function startWriters(options: WritersOptions): Promise<Writers> {
  const { urls, tokenOf, random, name, rooms: count, roomSize, window } = options;
  const users = Array.from({ length: count * roomSize }, (_, index) => `${name}-${index}`);
  const clients = await openCrowd({ urls, tokenOf, users });
  // One after the other and bare: these wait for nobody, and may be killed in the middle.
  const written: Written[] = [];
  for (let room = 0; room < count; room++) {
    const members = clients.slice(room * roomSize, (room + 1) * roomSize);
    const channel = await createRoom(members, `${name}-room-${room}`);
    const entry = { channel, members: members.map(({ user }) => user), acked: new Map(), open: new Map() };
    written.push(entry);
    for (const client of members) {
      const own: number[] = [];
      let next = 0;
      const write = (): void => {
        const frame = drawFrame(random, `w${next++}`, channel, own);
        entry.open.set(`${client.user}/${frame["id"]}`, { user: client.user, frame });
        client.ask(frame, (answer) => {
          if (answer["type"] === "ack") {
            entry.open.delete(`${client.user}/${frame["id"]}`);
            entry.acked.set(Number(answer["seq"]), `${client.user}/${frame["id"]}`);
            if (frame["type"] === "send") own.push(Number(answer["seq"]));
            write();
          } else if (answer["retryable"] === true) {
            // Left open: what it came to is looked up after the restart.
            setTimeout(write, Number(answer["retryAfterMs"] ?? 100));
          } else throw new Error(`refused: ${JSON.stringify(answer)}`);
          return "done";
        });
      };
      for (let open = 0; open < window; open++) write();
    }
  }
  return {
    written,
    acked: () => written.reduce((sum, { acked }) => sum + acked.size, 0),
    ended: Promise.all(clients.map(({ closed }) => closed)).then(() => {}),
  };
}

async function createRoom(members: readonly RawClient[], id: string): Promise<string> {
  const [owner, ...others] = members;
  const frame = { type: "channel.create", id, kind: "group", members: others.map(({ user }) => user) };
  const answer = await owner?.request(frame);
  if (answer?.["type"] !== "result") throw new Error(`a room was refused: ${JSON.stringify(answer)}`);
  return String(answer["channel"]);
}

function drawFrame(random: Random, id: string, channel: string, own: readonly number[]): Fields {
  const text = "x".repeat(random.integer(1, 400));
  const kind = own.length === 0 ? 0 : random.fraction();
  if (kind < 0.8) return { type: "send", id, channel, text };
  const target = random.pick(own);
  if (kind < 0.9) return { type: "edit", id, channel, target, text };
  return { type: "react", id, channel, target, emoji: "👍" };
}

/** What the log of a room does not bear out. */
export interface Loss {
  readonly channel: string;
  readonly what: "acked and not there" | "a hole" | "twice" | "never sent";
  readonly detail: string;
}

/** Reads each room as a new device would and compares. `ids`: request by seq. */
export function findLosses({ channel, acked, open }: Written, ids: ReadonlyMap<number, string>): readonly Loss[] {
  const losses: Loss[] = [];
  for (const [seq, request] of acked) {
    if (ids.get(seq) !== request) {
      losses.push({ channel, what: "acked and not there", detail: `${seq}: ${request}, found ${ids.get(seq)}` });
    }
  }
  const seen = new Map<string, number>();
  const known = new Set([...acked.values(), ...open.keys()]);
  for (let seq = 1; seq <= ids.size; seq++) {
    const request = ids.get(seq);
    if (request === undefined) {
      losses.push({ channel, what: "a hole", detail: `${seq} of ${ids.size}` });
      continue;
    }
    const before = seen.get(request);
    if (before !== undefined) losses.push({ channel, what: "twice", detail: `${request} at ${before} and ${seq}` });
    seen.set(request, seq);
    if (seq > 1 && !known.has(request)) losses.push({ channel, what: "never sent", detail: `${request} at ${seq}` });
  }
  return losses;
}
