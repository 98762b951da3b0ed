import { once } from "node:events";
import { connect, createServer, type NetConnectOpts, type Socket } from "node:net";
import { packDown, unpackDown } from "./codec-down.ts";
import { packUp, unpackUp } from "./codec-up.ts";
import { greetDialer, greetListener } from "./handshake.ts";
import type { ChatServerLink, DownFrame, GatewayLink, UpFrame } from "./link.ts";
import { defaultLinkLimits, LinkError, type LinkLimits, type LinkLogger, silentLinkLogger } from "./link-limits.ts";
import { TcpEnd } from "./tcp-end.ts";

export interface ListenLinksOptions {
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  /** A Unix socket instead, for processes of one machine: a third cheaper a frame. `host` and `port` are not used. */
  readonly path?: string;
  readonly secret: string | Uint8Array;
  /** Our own name. */
  readonly node: string;
  readonly onLink: (link: ChatServerLink) => void;
  readonly advertisedHost?: string;
  /** The port that others reach it by, where something stands before it. */
  readonly advertisedPort?: number;
  readonly limits?: Partial<LinkLimits>;
  readonly logger?: LinkLogger;
}

export interface ConnectLinkOptions {
  /** `tcp://host:port` or `unix:///path`. */
  readonly address: string;
  readonly secret: string | Uint8Array;
  /** Our own name. */
  readonly node: string;
  /** Refuse any other node that answers there (an address may have been taken over). */
  readonly expectedPeer?: string;
  /** For connecting and the handshake together. */
  readonly timeoutMs?: number;
  readonly limits?: Partial<LinkLimits>;
  readonly logger?: LinkLogger;
}

function hostForUrl(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

/** **Errors**: rejects when the port can't be had. */
export async function listenLinks(
  options: ListenLinksOptions,
): Promise<{ readonly address: string; close(): Promise<void> }> {
  const limits = { ...defaultLinkLimits, ...options.limits };
  const logger = options.logger ?? silentLinkLogger;
  const links = new Set<ChatServerLink>();
  const strangers = new Set<Socket>();

  const accept = async (socket: Socket): Promise<void> => {
    // Before anything else: a socket without an error listener ends the process.
    socket.on("error", () => socket.destroy());
    const remote = options.path ?? `${socket.remoteAddress}:${socket.remotePort}`;
    if (strangers.size >= limits.handshakesMax) {
      logger.warn({ remote }, "link refused: too many handshakes at once");
      socket.destroy();
      return;
    }
    strangers.add(socket);
    const deadline = setTimeout(() => socket.destroy(new LinkError("no proof in time")), limits.handshakeMs);
    let peer: string;
    try {
      socket.setNoDelay(true);
      peer = await greetDialer(socket, options.secret, options.node);
    } catch (error) {
      socket.destroy();
      logger.warn({ remote, reason: error instanceof Error ? error.message : String(error) }, "link refused");
      return;
    } finally {
      clearTimeout(deadline);
      strangers.delete(socket);
    }
    const link = new TcpEnd<DownFrame, UpFrame>(socket, peer, limits, packDown, unpackUp);
    links.add(link);
    link.onClose((reason) => {
      links.delete(link);
      logger.info({ peer, reason }, "link closed");
    });
    logger.info({ peer, remote }, "link open");
    options.onLink(link);
  };

  const server = createServer((socket) => void accept(socket));
  const { path, host, port } = options;
  server.listen(path === undefined ? { host, port } : { path });
  await once(server, "listening");
  const bound = server.address();
  return {
    address:
      typeof bound === "object" && bound !== null
        ? `tcp://${hostForUrl(options.advertisedHost ?? host)}:${options.advertisedPort ?? bound.port}`
        : `unix://${encodeURI(path ?? "")}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of strangers) socket.destroy();
        for (const link of links) link.close("listener closed");
      }),
  };
}

/** **Errors**: TypeError for an address that is none. */
export function parseLinkAddress(address: string): NetConnectOpts {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url?.protocol === "unix:" && url.pathname.length > 1) return { path: decodeURIComponent(url.pathname) };
  if (url?.protocol === "tcp:" && url.hostname !== "" && url.port !== "") {
    return { host: url.hostname.replace(/^\[|\]$/g, ""), port: Number(url.port) };
  }
  throw new TypeError(`link address must be tcp://host:port or unix:///path, not ${JSON.stringify(address)}`);
}

/** **Errors**: LinkError when nobody answers in time, the secret differs, or another node answers. */
export async function connectLink(options: ConnectLinkOptions): Promise<GatewayLink> {
  const limits = { ...defaultLinkLimits, ...options.limits };
  const timeoutMs = options.timeoutMs ?? limits.handshakeMs;
  const socket = connect(parseLinkAddress(options.address));
  socket.on("error", () => socket.destroy());
  const deadline = setTimeout(() => socket.destroy(new LinkError(`no answer in ${timeoutMs} ms`)), timeoutMs);
  try {
    await once(socket, "connect");
    socket.setNoDelay(true);
    const peer = await greetListener(socket, options.secret, options.node);
    if (options.expectedPeer !== undefined && peer !== options.expectedPeer) {
      throw new LinkError(`${peer} answers there, not ${options.expectedPeer}`);
    }
    return new TcpEnd<UpFrame, DownFrame>(socket, peer, limits, packUp, unpackDown);
  } catch (cause) {
    socket.destroy();
    const reason = cause instanceof Error ? cause.message : String(cause);
    options.logger?.warn({ address: options.address, reason }, "link failed");
    throw new LinkError(`link to ${options.address}: ${reason}`, { cause });
  } finally {
    clearTimeout(deadline);
  }
}
