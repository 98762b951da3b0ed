import { once } from "node:events";
import { type WebSocket, WebSocketServer } from "ws";
import { type Fields, isFields } from "../history/content.ts";
import { tokenExpiry } from "../history/token-expiry.ts";
import {
  append,
  eventOfRequest,
  findRefusal,
  folded,
  isMember,
  isVisible,
  type ReferenceChannel,
} from "./reference-log.ts";

/** A promise that the server breaks once in a while, so that a test sees whether a run notices. */
export type Fault =
  | "acks-before-storing"
  | "appends-a-retry-again"
  | "delivers-twice"
  | "loses-a-delivery"
  | "delivers-other-bytes"
  | "changes-a-text"
  | "stores-what-it-refuses"
  | "reads-a-stale-page"
  | "serves-removed-members"
  | "refuses-a-member"
  | "serves-after-a-token";

export interface ReferenceServer {
  readonly url: string;
  /** How often the fault was planted. */
  readonly planted: number;
  close(): Promise<void>;
}

interface Session {
  readonly socket: WebSocket;
  readonly user: string;
  tokenTimer?: NodeJS.Timeout;
}

const oneIn = 25;
const toldWithinMs = 100;

/**
 * The wire contract in its smallest form: one process, everything in memory, each request done at once. It is what the
 * simulator is tested against, not a part of Parley. A token is the user's id; before it there may stand the parts of a
 * JWT, of which only the end is looked at, and nothing outlives it.
 */
export async function startReferenceServer(fault?: Fault): Promise<ReferenceServer> {
  const channels = new Map<string, ReferenceChannel>();
  const byRequest = new Map<string, Fields>();
  const created = new Map<string, string>();
  const sessions = new Set<Session>();
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1", handleProtocols: () => "parley.v1" });
  let chances = 0;
  let planted = 0;

  const strikes = (candidate: Fault): boolean => {
    if (fault !== candidate) return false;
    chances += 1;
    if (chances % oneIn !== 1) return false;
    planted += 1;
    return true;
  };

  const write = (session: Session, frame: Fields): void => session.socket.send(JSON.stringify(frame));

  const deliver = (channel: ReferenceChannel, event: Fields): void => {
    for (const session of sessions) {
      const isServed = isVisible(channel, session.user, Number(event["seq"]));
      const wasMember = channel.memberships.has(session.user);
      if (!isServed && !(wasMember && strikes("serves-removed-members"))) continue;
      if (strikes("loses-a-delivery")) continue;
      const bytes = strikes("delivers-other-bytes") ? { ...event, extra: 1 } : event;
      write(session, bytes);
      if (strikes("delivers-twice")) write(session, bytes);
    }
  };

  const handleAppend = (session: Session, frame: Fields): Fields => {
    const { user } = session;
    const id = String(frame["id"]);
    const channel = channels.get(String(frame["channel"]));
    if (channel === undefined || !isMember(channel, user)) return refusal(id, "not_member");
    const known = byRequest.get(`${user}/${id}`);
    if (known !== undefined && fault !== "appends-a-retry-again") return ack(id, known, true);
    if (strikes("refuses-a-member")) return refusal(id, "not_member");
    // What was still there when somebody chose it may be gone by now.
    const why = findRefusal(channel, user, frame);
    if (why !== undefined) return refusal(id, why);
    const body = bodyOf(user, frame);
    if (strikes("acks-before-storing")) {
      return ack(id, { channel: channel.id, seq: channel.events.length + 1, time: Date.now() }, false);
    }
    const text = strikes("changes-a-text") ? { text: "something else" } : {};
    const event = append(channel, user, id, { ...body, ...text });
    byRequest.set(`${user}/${id}`, event);
    deliver(channel, event);
    // The answer is lost, so that there is a retry.
    if (strikes("appends-a-retry-again")) session.socket.terminate();
    return strikes("stores-what-it-refuses") ? refusal(id, "forbidden") : ack(id, event, false);
  };

  const handleCreate = ({ user }: Session, frame: Fields): Fields => {
    const { id, kind, name, members } = frame;
    const users = [...new Set([user, ...(Array.isArray(members) ? members.map(String) : [])])];
    const key = kind === "direct" ? [...users].sort().join("/") : `${user}/${String(id)}`;
    const known = created.get(key);
    if (known !== undefined) return { type: "result", id, channel: known };
    const channel: ReferenceChannel = { id: `room-${channels.size}`, events: [], memberships: new Map() };
    channels.set(channel.id, channel);
    created.set(key, channel.id);
    const roles = users.map((one) => ({ user: one, role: one === user ? "owner" : "member" }));
    deliver(channel, append(channel, user, String(id), { kind: "created", channelKind: kind, name, members: roles }));
    return { type: "result", id, channel: channel.id };
  };

  const handleHistory = ({ user }: Session, frame: Fields): Fields => {
    const { id, after, before, limit = 50 } = frame;
    const channel = channels.get(String(frame["channel"]));
    if (channel === undefined || !isMember(channel, user)) return refusal(String(id), "not_member");
    const seen = channel.events.filter(({ seq }) => isVisible(channel, user, Number(seq)));
    const isForward = typeof after === "number";
    const rest = seen.filter(({ seq }) => (isForward ? Number(seq) > after : Number(seq) < Number(before ?? Infinity)));
    const page = isForward ? rest.slice(0, Number(limit)) : rest.slice(-Number(limit));
    // Of an event that the reader may not have been told of yet, a page may lack it.
    const isLastTold = Date.now() - Number(page.at(-1)?.["time"]) > toldWithinMs;
    const mayBeStale = page.length > 1 && page.length === rest.length && isLastTold;
    // Always: pages are few, and not every reader was told of the event that one lacks.
    const isStale = mayBeStale && fault === "reads-a-stale-page";
    if (isStale) planted += 1;
    const shown = isStale ? page.slice(0, -1) : page;
    const events = shown.map((event) => folded(channel, event));
    return { type: "result", id, events, complete: page.length === rest.length };
  };

  const endWithToken = (session: Session, token: string): void => {
    clearTimeout(session.tokenTimer);
    const end = tokenExpiry(token);
    // Always: a single strike may hit somebody who refreshes in time.
    if (end === undefined || fault === "serves-after-a-token") return;
    session.tokenTimer = setTimeout(() => session.socket.close(4401), end - Date.now());
  };

  const handle = (session: Session, frame: Fields): Fields | undefined => {
    switch (frame["type"]) {
      case "read":
      case "typing":
        return undefined;
      case "channel.create":
        return handleCreate(session, frame);
      case "history":
        return handleHistory(session, frame);
      case "channels":
        return { type: "result", id: frame["id"], channels: listFor(session.user) };
      case "refresh":
        endWithToken(session, String(frame["token"]));
        return { type: "result", id: frame["id"] };
      case "presence.watch":
      case "presence.unwatch":
        return { type: "result", id: frame["id"], users: [] };
      default:
        return handleAppend(session, frame);
    }
  };

  const listFor = (user: string): readonly Fields[] =>
    [...channels.values()]
      .filter((channel) => isMember(channel, user))
      .map(({ id, events }) => ({
        channel: id,
        kind: "group",
        role: "member",
        head: events.length,
        read: 0,
        unread: 0,
      }));

  const welcome = (socket: WebSocket, frame: Fields): Session => {
    const token = String(frame["token"]);
    const session: Session = { socket, user: token.split(".").at(-1) ?? "" };
    endWithToken(session, token);
    const base = {
      type: "welcome",
      session: `s${sessions.size}`,
      user: session.user,
      time: Date.now(),
      heartbeatMs: 25_000,
    };
    write(session, { ...base, channels: listFor(session.user) });
    const cursors = isFields(frame["cursors"]) ? frame["cursors"] : {};
    for (const [id, cursor] of Object.entries(cursors)) {
      const channel = channels.get(id);
      if (channel !== undefined) resume(session, channel, Number(cursor));
    }
    sessions.add(session);
    return session;
  };

  const resume = (session: Session, channel: ReferenceChannel, cursor: number): void => {
    let announced = cursor;
    for (const event of channel.events.slice(cursor)) {
      const seq = Number(event["seq"]);
      if (!isVisible(channel, session.user, seq)) continue;
      if (seq > announced + 1) write(session, { type: "gap", channel: channel.id, from: announced + 1, to: seq - 1 });
      write(session, event);
      announced = seq;
    }
  };

  server.on("connection", (socket) => {
    let session: Session | undefined;
    socket.on("error", () => {});
    socket.on("close", () => {
      if (session === undefined) return;
      clearTimeout(session.tokenTimer);
      sessions.delete(session);
    });
    socket.on("message", (data) => {
      const frame: unknown = JSON.parse(data.toString());
      if (!isFields(frame)) return;
      if (session === undefined) {
        session = welcome(socket, frame);
        return;
      }
      const answer = handle(session, frame);
      if (answer !== undefined) write(session, answer);
    });
  });
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `ws://127.0.0.1:${port}/v1/ws`,
    get planted() {
      return planted;
    },
    async close() {
      for (const socket of server.clients) socket.terminate();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function bodyOf(user: string, frame: Fields): Fields {
  return frame["type"] === "channel.leave" ? { kind: "member", user, change: "left" } : eventOfRequest(frame);
}

function ack(id: string, { channel, seq, time }: Fields, isDuplicate: boolean): Fields {
  return { type: "ack", id, channel, seq, time, ...(isDuplicate ? { duplicate: true } : {}) };
}

function refusal(id: string, code: string): Fields {
  return { type: "error", id, code, message: code, retryable: false };
}
