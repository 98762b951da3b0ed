import { isFields } from "../../history/content.ts";
import { forEachLimited } from "../../run/limited.ts";
import { openRawClient, type RawClient } from "./raw-client.ts";

export interface RawCrowdOptions {
  readonly urls: readonly string[];
  readonly tokenOf: (user: string) => string;
  readonly users: readonly string[];
  readonly onEvent?: (user: string, frame: string) => void;
}

const openingMax = 40;
const creatingMax = 8;

/** So many clients, spread evenly over the gateways. **Errors**: rejects where one can't connect. */
export async function openCrowd({ urls, tokenOf, users, onEvent }: RawCrowdOptions): Promise<readonly RawClient[]> {
  const clients: RawClient[] = [];
  await forEachLimited([...users.entries()], openingMax, async ([index, user]) => {
    const url = urls[index % urls.length] ?? "";
    const listen = onEvent === undefined ? {} : { onEvent: (frame: string) => onEvent(user, frame) };
    clients[index] = await openRawClient({ url, user, token: tokenOf(user), ...listen });
  });
  return clients;
}

/** A room and who is in it. */
export interface RawRoom {
  readonly channel: string;
  readonly members: readonly RawClient[];
}

/** Groups of `size` neighbours each, made by the first of each. The same `name` makes the same rooms. */
export async function createRooms(clients: readonly RawClient[], size: number, name: string): Promise<RawRoom[]> {
  const starts = Array.from({ length: Math.ceil(clients.length / size) }, (_, index) => index * size);
  const rooms: RawRoom[] = [];
  await forEachLimited([...starts.entries()], creatingMax, async ([index, start]) => {
    const members = clients.slice(start, start + size);
    const [owner, ...others] = members;
    if (owner === undefined) return;
    const frame = {
      type: "channel.create",
      id: `${name}-${index}`,
      kind: "group",
      members: others.map(({ user }) => user),
    };
    rooms[index] = { channel: await createUntilThere(owner, frame), members };
  });
  return rooms;
}

async function createUntilThere(owner: RawClient, frame: { readonly [name: string]: unknown }): Promise<string> {
  for (;;) {
    const answer = await owner.request(frame);
    if (answer["type"] === "result") return String(answer["channel"]);
    if (answer["retryable"] !== true) throw new Error(`a room was refused: ${JSON.stringify(answer)}`);
    await new Promise((resolve) => setTimeout(resolve, Number(answer["retryAfterMs"] ?? 200)));
  }
}

/** The whole log of a channel: request id by seq. **Errors**: rejects where a page is refused. */
export async function readIds(reader: RawClient, channel: string): Promise<ReadonlyMap<number, string>> {
  const ids = new Map<number, string>();
  for (let after = 0, page = 0; ; page++) {
    const id = `read-${channel}-${page}`;
    const answer = await reader.request({ type: "history", id, channel, after, limit: 200 });
    if (answer["type"] !== "result") {
      if (answer["retryable"] !== true) throw new Error(`history was refused: ${JSON.stringify(answer)}`);
      await new Promise((resolve) => setTimeout(resolve, Number(answer["retryAfterMs"] ?? 200)));
      continue;
    }
    const events = Array.isArray(answer["events"]) ? answer["events"].filter(isFields) : [];
    for (const { seq, id: request, sender } of events) ids.set(Number(seq), `${sender}/${request ?? ""}`);
    after = Math.max(after, ...events.map(({ seq }) => Number(seq)));
    if (answer["complete"] === true || events.length === 0) return ids;
  }
}
