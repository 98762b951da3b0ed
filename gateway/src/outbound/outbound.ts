import { type ErrorFrame, encodeServerFrame, type ReconnectFrame, type Seq } from "@parley/protocol";
import type { Metrics } from "@parley/telemetry";
import type { GatewayConfig } from "../config.ts";
import type { ChannelRef } from "../session/channel-table.ts";
import { type ClientSession, ClientSocket } from "../session/client-session.ts";
import { FrameList } from "./frame-list.ts";

/** A drained socket has at most this part of the soft bound unsent; lower than the bound, so that it does not flutter. */
const drainedShare = 4;

const internalError = 1011;

/** What became of a run of events at one socket. */
export type EventsOutcome = "written" | "old" | "stranger" | "hole";

/**
 * The one place that writes to client sockets. Frames gather until the end of the tick; then each socket gets one write,
 * and sockets with the same frames share its buffer.
 *
 * **Bounds**: above `softBytesMax` unsent a socket *lags*: events become `gap`s, written once it has drained, and
 * casts are dropped; answers still queue. Above `hardBytesMax`, or after `lagMsMax`, it is cut; its client resumes
 * with its cursors. **Order**: of one socket, the order of the calls.
 */
export class Outbound {
  readonly #config: GatewayConfig;
  readonly #metrics: Metrics;
  readonly #now: () => number;
  readonly #onEnd: (session: ClientSession) => void;
  #root = new FrameList();
  #dirty: ClientSession[] = [];
  /** Goes to the metrics once a tick, not once a socket. */
  #written = { frames: 0, bytes: 0, writes: 0 };

  /** `onEnd` is called once a session, when nothing more will be written to it. */
  constructor(config: GatewayConfig, metrics: Metrics, now: () => number, onEnd: (session: ClientSession) => void) {
    this.#onEnd = onEnd;
    this.#config = config;
    this.#metrics = metrics;
    this.#now = now;
  }

  /** An answer, or anything else that must arrive or end the socket. */
  write(session: ClientSession, payload: Uint8Array): void {
    if (session.stage === "closed") return;
    this.#append(session, payload, false);
    if (this.#unsent(session) > this.#config.hardBytesMax) this.terminate(session, "slow");
  }

  /** Best effort: not for a socket that lags. */
  cast(session: ClientSession, payload: Uint8Array): void {
    if (session.stage === "closed" || session.lag !== undefined) return;
    if (this.#unsent(session) > this.#config.softBytesMax) return;
    this.#append(session, payload, true);
  }

  /**
   * Events `from`, `from + 1`, … of one channel: writes cursor + 1 and on, drops what is lower (rule 14). `isShared`: the
   * same payloads go to other sockets too.
   */
  events(
    session: ClientSession,
    channel: ChannelRef,
    from: Seq,
    payloads: readonly Uint8Array[],
    isShared: boolean,
  ): EventsOutcome {
    const cursor = session.cursors.get(channel);
    if (cursor === undefined || session.stage === "closed") return "stranger";
    const last = from + payloads.length - 1;
    const { lag } = session;
    if (lag !== undefined) {
      // Holes do not matter here: the gap will cover them.
      lag.heads.set(channel, Math.max(lag.heads.get(channel) ?? cursor, last));
      return "written";
    }
    if (last <= cursor) return "old";
    if (from > cursor + 1) return "hole";
    for (let place = cursor + 1 - from; place < payloads.length; place++) {
      if (this.#unsent(session) > this.#config.softBytesMax) {
        this.#startLag(session).set(channel, last);
        return "written";
      }
      const payload = payloads[place];
      if (payload === undefined) break;
      this.#append(session, payload, isShared);
      session.cursors.set(channel, from + place);
    }
    return "written";
  }

  /** Announces cursor + 1 … `to` as not to be pushed; never an empty gap. */
  gap(session: ClientSession, channel: ChannelRef, to: Seq): void {
    const cursor = session.cursors.get(channel);
    if (cursor === undefined || session.stage === "closed") return;
    if (session.lag !== undefined) {
      session.lag.heads.set(channel, Math.max(session.lag.heads.get(channel) ?? cursor, to));
      return;
    }
    if (to <= cursor) return;
    session.cursors.set(channel, to);
    this.#metrics.gatewayGaps.inc();
    this.write(session, frameBytes({ type: "gap", channel: channel.id, from: cursor + 1, to }));
  }

  /** The log is shorter than the cursor. */
  reset(session: ClientSession, channel: ChannelRef, head: Seq, payload: Uint8Array): void {
    if (session.cursors.get(channel) === undefined) return;
    session.lag?.heads.delete(channel);
    session.cursors.set(channel, head);
    this.write(session, payload);
  }

  /** Before the session forgets a channel: what a lagging socket was to be told of it. */
  settleLag(session: ClientSession, channel: ChannelRef): void {
    const head = session.lag?.heads.get(channel);
    if (session.lag === undefined || head === undefined) return;
    session.lag.heads.delete(channel);
    this.#gapNow(session, channel, head);
  }

  error(session: ClientSession, frame: ErrorFrame): void {
    this.write(session, frameBytes(frame));
  }

  reconnect(session: ClientSession, frame: ReconnectFrame): void {
    this.write(session, frameBytes(frame));
  }

  /** From the sweep, and when a lagging socket has drained: it is told what it missed, or cut. */
  tick(session: ClientSession): void {
    const { lag } = session;
    if (lag === undefined || session.stage === "closed") return;
    if (this.#unsent(session) <= this.#config.softBytesMax / drainedShare) {
      session.lag = undefined;
      for (const [channel, head] of lag.heads) this.#gapNow(session, channel, head);
    } else if (this.#now() - lag.since > this.#config.lagMsMax) {
      this.terminate(session, "slow");
    }
  }

  /** Writes what is queued, then starts the closing handshake. **Repeat**: does nothing. */
  close(session: ClientSession, code: number, reason: string): void {
    if (session.stage === "closed") return;
    this.#flushOne(session);
    this.#metrics.gatewayCloses.of(String(code)).inc();
    // A paused socket would not see the client's answer.
    if (session.pauses !== 0) session.ws.resume();
    session.ws.close(isCloseCode(code) ? code : internalError, fitReason(reason));
    this.ended(session);
  }

  /** Cuts the socket without a word: it would not read it anyway. */
  terminate(session: ClientSession, reason: "slow" | "silent" | "stop"): void {
    if (session.stage === "closed") return;
    this.#metrics.gatewayCloses.of(reason).inc();
    session.ws.terminate();
    this.ended(session);
  }

  /** The socket closed or is being closed. **Repeat**: does nothing. */
  ended(session: ClientSession): void {
    if (session.stage === "closed") return;
    session.stage = "closed";
    session.list = undefined;
    session.lag = undefined;
    this.#onEnd(session);
  }

  #append(session: ClientSession, payload: Uint8Array, isShared: boolean): void {
    if (session.list === undefined) {
      if (this.#dirty.length === 0) setImmediate(this.#flush);
      this.#dirty.push(session);
      session.list = this.#root;
    }
    session.list = isShared ? session.list.with(payload) : session.list.withOwn(payload);
  }

  /** Bytes that wait in this tick and in the socket; what the kernel holds is not known, and not ours. */
  #unsent(session: ClientSession): number {
    return (session.list?.bytes ?? 0) + session.socket.writableLength;
  }

  #startLag(session: ClientSession): Map<ChannelRef, Seq> {
    const heads = new Map<ChannelRef, Seq>();
    session.lag = { since: this.#now(), heads };
    // Rare, so the closure does not count; the sweep looks as well, for a socket that is drained but for a little.
    session.socket.once("drain", () => this.tick(session));
    return heads;
  }

  #gapNow(session: ClientSession, channel: ChannelRef, to: Seq): void {
    const cursor = session.cursors.get(channel);
    if (cursor === undefined || to <= cursor) return;
    session.cursors.set(channel, to);
    this.#metrics.gatewayGaps.inc();
    this.write(session, frameBytes({ type: "gap", channel: channel.id, from: cursor + 1, to }));
  }

  #flushOne(session: ClientSession): void {
    const { list } = session;
    session.list = undefined;
    if (list === undefined || session.ws.readyState !== ClientSocket.OPEN) return;
    this.#written.frames += list.frames;
    this.#written.bytes += list.bytes;
    this.#written.writes += 1;
    session.socket.write(list.joined());
  }

  readonly #flush = (): void => {
    const dirty = this.#dirty;
    this.#dirty = [];
    this.#root = new FrameList();
    for (const session of dirty) this.#flushOne(session);
    const { frames, bytes, writes } = this.#written;
    this.#metrics.gatewayFramesOut.inc(frames);
    this.#metrics.gatewayBytesOut.inc(bytes);
    this.#metrics.gatewayWrites.inc(writes);
    this.#written = { frames: 0, bytes: 0, writes: 0 };
  };
}

/** `ws` throws for others, and a chat server's slip must not end the gateway. **Source**: RFC 6455, section 7.4. */
function isCloseCode(code: number): boolean {
  return (code >= 1000 && code <= 1014 && (code < 1004 || code > 1006)) || (code >= 3000 && code <= 4999);
}

/** A close frame has room for 123 bytes of reason. */
function fitReason(reason: string): string {
  return Buffer.byteLength(reason) <= 123 ? reason : "";
}

function frameBytes(frame: Parameters<typeof encodeServerFrame>[0]): Uint8Array {
  return Buffer.from(encodeServerFrame(frame));
}
