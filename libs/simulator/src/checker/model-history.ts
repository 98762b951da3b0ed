import { eventContent, type Fields, requestContent, requestFacts } from "../history/content.ts";
import { digest } from "../history/digest.ts";
import type { HistoryLine, MemberChange, RequestType, SeenEvent } from "../history/lines.ts";
import { createRandom, type Random } from "../random.ts";

interface Event extends SeenEvent {
  readonly frame: Fields;
}

interface Pending {
  readonly user: string;
  readonly connection: number;
  readonly frame: Fields;
  readonly isAppended: boolean;
}

interface Socket {
  readonly connection: number;
  readonly user: string;
  readonly device: string;
  /** Sent up to here, announced gaps included; undefined while the person is out. */
  cursor: number | undefined;
}

const channel = "room";
const owner = "ada";
const devices = [
  [owner, "phone"],
  [owner, "desk"],
  ["bob", "phone"],
  ["cy", "phone"],
] as const;

/**
 * A history that a correct system could have made, drawn from a seed: one channel whose log is a plain array, devices
 * that send, retry, lose their sockets, resume, lag into gaps, read back, come and go. The checker must find nothing in
 * it, and must find what a test then spoils. Lines carry small whole times, one more a line.
 */
export function modelHistory(seed: number, steps: number): HistoryLine[] {
  const model = createModel(createRandom(seed));
  for (let step = 0; step < steps; step++) model.step();
  return model.finish();
}

function createModel(random: Random) {
  const lines: HistoryLine[] = [];
  const log: Event[] = [];
  const members = new Set([owner, "bob"]);
  const sockets = new Map<string, Socket>();
  const pending: Pending[] = [];
  const unanswered: Fields[] = [];
  let connections = 0;
  let requests = 0;

  const now = (): number => lines.length + 1;
  const socketOf = (user: string): Socket | undefined =>
    random.pick([...sockets.values()].filter((socket) => socket.user === user));

  const connect = (user: string, device: string): void => {
    const key = `${user}/${device}`;
    const old = sockets.get(key);
    const connection = connections++;
    if (old !== undefined) lines.push({ line: "closed", at: now(), connection: old.connection, code: 1006 });
    for (const request of pending.filter((one) => one.connection === old?.connection)) forget(request);
    const hasCursor = old?.cursor !== undefined && random.chance(0.7);
    const cursors: Record<string, number> = hasCursor && old?.cursor !== undefined ? { [channel]: old.cursor } : {};
    lines.push({ line: "connected", at: now(), connection, user, device, cursors, isChained: true });
    const isIn = members.has(user);
    const heads: Record<string, number> = isIn ? { [channel]: log.length } : {};
    lines.push({ line: "resumed", at: now(), connection, heads, hasMore: false });
    const cursor = isIn ? (cursors[channel] ?? log.length) : undefined;
    // Without a cursor the socket begins at the head; the SDK reads what its program misses.
    if (cursor !== undefined && old?.cursor !== undefined) hand(user, device, old.cursor, cursor);
    sockets.set(key, { connection, user, device, cursor });
  };

  /** The socket went before the answer: the request may be in or not, and may be sent again. */
  const forget = (request: Pending): void => {
    pending.splice(pending.indexOf(request), 1);
    if (request.frame["type"] === "send") unanswered.push(request.frame);
  };

  const invoke = (socket: Socket, frame: Fields): void => {
    const { connection, user } = socket;
    const id = String(frame["id"]);
    lines.push({
      line: "invoke",
      at: now(),
      connection,
      id,
      type: frame["type"] as RequestType,
      content: requestContent(frame),
      ...requestFacts(frame),
    });
    pending.push({ user, connection, frame, isAppended: false });
  };

  const append = (user: string, frame: Fields): void => {
    const event = eventOf(user, frame, log.length + 1);
    log.push(event);
    for (const { user: who, change } of event.members ?? []) {
      if (change === "joined") members.add(who);
      else if (change !== "role") members.delete(who);
      for (const socket of sockets.values()) {
        if (socket.user === who && change === "joined") socket.cursor = event.seq - 1;
      }
    }
  };

  /** The server takes the oldest request of somebody: appends it, or finds it there. */
  const take = (): void => {
    const request = pending.find(({ isAppended }) => !isAppended);
    if (request === undefined) return;
    const { user, frame } = request;
    const isIn = log.some((event) => event.sender === user && event.id === frame["id"]);
    if (!isIn && !members.has(user)) return refuse(request, "not_member");
    const isGone = log.some(({ kind, target }) => kind === "delete" && target === frame["target"]);
    if (!isIn && isGone) return refuse(request, "not_found");
    if (!isIn) append(user, frame);
    pending[pending.indexOf(request)] = { ...request, isAppended: true };
  };

  const refuse = (request: Pending, code: string): void => {
    pending.splice(pending.indexOf(request), 1);
    const { connection, frame } = request;
    lines.push({ line: "refused", at: now(), connection, id: String(frame["id"]), code });
  };

  const answer = (): void => {
    const request = pending.find(({ isAppended }) => isAppended);
    if (request === undefined) return;
    pending.splice(pending.indexOf(request), 1);
    const { connection, user, frame } = request;
    const id = String(frame["id"]);
    const seq = log.find((event) => event.sender === user && event.id === id)?.seq ?? 0;
    lines.push({ line: "ok", at: now(), connection, id, channel, seq, isDuplicate: false });
  };

  const deliver = (socket: Socket, most: number): void => {
    for (let count = 0; count < most && socket.cursor !== undefined && socket.cursor < log.length; count++) {
      const event = log[socket.cursor];
      if (event === undefined) return;
      lines.push({ line: "delivered", at: now(), connection: socket.connection, event: seen(event) });
      lines.push({ line: "handled", at: now(), user: socket.user, device: socket.device, channel, seq: event.seq });
      const isEnd = (event.members ?? []).some(({ user, change }) => user === socket.user && change === "removed");
      socket.cursor = isEnd ? undefined : event.seq;
    }
  };

  const lag = (socket: Socket): void => {
    if (socket.cursor === undefined || socket.cursor >= log.length || hasLeftBy(socket.user, log.length)) return;
    const to = random.integer(socket.cursor + 1, log.length);
    const { connection, user, device, cursor } = socket;
    lines.push({ line: "gap", at: now(), connection, channel, from: cursor + 1, to });
    // The SDK fills the hole, so its program goes on without one.
    hand(user, device, cursor, to);
    socket.cursor = to;
  };

  const hand = (user: string, device: string, after: number, to: number): void => {
    for (let seq = after + 1; seq <= to; seq++) lines.push({ line: "handled", at: now(), user, device, channel, seq });
  };

  const hasLeftBy = (user: string, seq: number): boolean =>
    log
      .slice(0, seq)
      .some((event) => (event.members ?? []).some((one) => one.user === user && one.change === "removed"));

  const read = (socket: Socket): void => {
    if (!members.has(socket.user) || hasLeftBy(socket.user, log.length)) return;
    const { connection } = socket;
    const id = `read-${requests++}`;
    const after = random.integer(socket.user === "cy" ? log.length - 1 : 0, log.length);
    lines.push({ line: "read", at: now(), connection, id, channel, after });
    const events = log.slice(after).map((event) => seen(folded(event, log)));
    const isVisible = (event: SeenEvent): boolean => socket.user !== "cy" || event.seq >= joinOf("cy");
    lines.push({ line: "page", at: now(), connection, id, isComplete: true, events: events.filter(isVisible) });
  };

  const joinOf = (user: string): number =>
    log.findLast((event) => (event.members ?? []).some((one) => one.user === user && one.change === "joined"))?.seq ??
    0;

  const send = (): void => {
    const socket = random.pick([...sockets.values()]);
    const message = log.findLast(({ kind, sender }) => kind === "message" && sender === socket.user);
    const id = `${socket.device}-${requests++}`;
    const base = { id, channel };
    const text = `text ${requests}`;
    if (message !== undefined && random.chance(0.2)) {
      const isGone = log.some(({ kind, target }) => kind === "delete" && target === message.seq);
      if (isGone) return;
      const change = random.pick([
        { ...base, type: "edit", target: message.seq, text },
        { ...base, type: "delete", target: message.seq },
        { ...base, type: "react", target: message.seq, emoji: "👍" },
      ]);
      return invoke(socket, change);
    }
    // What was deleted may still be answered: it keeps its number.
    const replyTo = message !== undefined && random.chance(0.2) ? { replyTo: message.seq } : {};
    invoke(socket, { ...base, type: "send", text, ...replyTo });
  };

  const changeMembers = (): void => {
    const socket = socketOf(owner);
    if (socket === undefined || pending.some(({ frame }) => frame["user"] === "cy")) return;
    const id = `${socket.device}-${requests++}`;
    if (members.has("cy")) invoke(socket, { type: "channel.remove", id, channel, user: "cy" });
    else if (!hasLeftBy("cy", log.length)) invoke(socket, { type: "channel.invite", id, channel, user: "cy" });
  };

  const retry = (): void => {
    const frame = unanswered.shift();
    const event = frame === undefined ? undefined : log.find(({ id }) => id === frame["id"]);
    // Only what is in already: a late first copy would overtake its device's later requests.
    if (frame === undefined || event === undefined) return;
    const socket = socketOf(event.sender);
    if (socket !== undefined) invoke(socket, frame);
  };

  for (const [user, device] of devices) connect(user, device);
  const first = sockets.get(`${owner}/phone`);
  if (first !== undefined) {
    invoke(first, { type: "channel.create", id: "create", kind: "group", members: ["bob"] });
    take();
    for (const socket of sockets.values()) if (members.has(socket.user)) socket.cursor = 0;
    answer();
  }

  const settle = (): void => {
    while (pending.length > 0) {
      take();
      answer();
    }
    for (const socket of sockets.values()) deliver(socket, Number.POSITIVE_INFINITY);
  };

  return {
    step(): void {
      const socket = random.pick([...sockets.values()]);
      const chance = random.fraction();
      if (chance < 0.25) send();
      else if (chance < 0.45) take();
      else if (chance < 0.6) answer();
      else if (chance < 0.85) deliver(socket, random.integer(1, 4));
      else if (chance < 0.88) lag(socket);
      else if (chance < 0.92) read(socket);
      else if (chance < 0.95) changeMembers();
      else if (chance < 0.98) connect(socket.user, socket.device);
      else retry();
    },
    finish(): HistoryLine[] {
      settle();
      for (const { user, device, cursor } of sockets.values()) {
        const reached: Record<string, number> = cursor === undefined ? {} : { [channel]: cursor };
        lines.push({ line: "settled", at: now(), user, device, reached, outbox: 0 });
      }
      lines.push({ line: "final-head", at: now(), channel, head: log.length });
      for (const event of log) lines.push({ line: "final-log", at: now(), event: seen(folded(event, log)) });
      return lines;
    },
  };
}

/** Without the frame, so that a history holds what a recorder would have kept. One object an event, as of one frame. */
const seenOf = new WeakMap<Event, SeenEvent>();
function seen(event: Event): SeenEvent {
  const known = seenOf.get(event);
  if (known !== undefined) return known;
  const { frame: _, ...rest } = event;
  seenOf.set(event, rest);
  return rest;
}

/** The event as a page shows it after all that the log holds. */
function folded(event: Event, log: readonly Event[]): Event {
  const deletion = log.find(
    ({ kind, target }) => kind === "delete" && target === (event.kind === "edit" ? event.target : event.seq),
  );
  if (deletion !== undefined && (event.kind === "message" || event.kind === "edit")) {
    return { ...event, isDeleted: true, content: { rest: event.content.rest } };
  }
  const edit = log.findLast(({ kind, target }) => kind === "edit" && target === event.seq);
  if (edit?.content.text === undefined) return event;
  return { ...event, isEdited: true, content: { ...event.content, text: edit.content.text } };
}

function eventOf(sender: string, frame: Fields, seq: number): Event {
  const base = { channel, seq, sender, time: 1_000 + seq, id: String(frame["id"]), bytes: digest(`${seq}`), frame };
  const shown = eventFrame(frame);
  const members = membersOf(sender, frame);
  return {
    ...base,
    kind: shown.kind,
    content: eventContent({ ...frame, ...shown }),
    ...(typeof frame["target"] === "number" ? { target: frame["target"] } : {}),
    ...(shown.kind === "created" ? { channelKind: "group" } : {}),
    ...(members === undefined ? {} : { members }),
  };
}

function eventFrame(frame: Fields): Fields & { readonly kind: SeenEvent["kind"] } {
  switch (frame["type"]) {
    case "edit":
      return { kind: "edit" };
    case "delete":
      return { kind: "delete" };
    case "react":
      return { kind: "reaction" };
    case "channel.create":
      return { kind: "created", channelKind: frame["kind"] };
    case "channel.invite":
      return { kind: "member", change: "joined" };
    case "channel.remove":
      return { kind: "member", change: "removed" };
    default:
      return { kind: "message" };
  }
}

function membersOf(sender: string, frame: Fields): readonly MemberChange[] | undefined {
  const user = String(frame["user"]);
  if (frame["type"] === "channel.invite") return [{ user, change: "joined", role: "member" }];
  if (frame["type"] === "channel.remove") return [{ user, change: "removed" }];
  if (frame["type"] !== "channel.create") return undefined;
  return [
    { user: sender, change: "joined", role: "owner" },
    { user: "bob", change: "joined", role: "member" },
  ];
}
