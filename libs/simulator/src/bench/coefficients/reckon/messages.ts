import type { Totals } from "../measure/look.ts";
import type { Finding, Findings } from "../names.ts";
import { findingOf, show } from "./finding.ts";
import { type Fit, fitCosts } from "./fit.ts";

/** One load on one fleet, as the reckoning sees it. */
export interface Load {
  readonly name: string;
  readonly chatServers: number;
  /** Members of each room, all online, each with one device. */
  readonly members: number;
  /** Pairs of gateway and chat server that the members of a room are on, on average. */
  readonly frames: number;
  readonly messagesPerS: number;
  /** Cores that other work had meanwhile. */
  readonly otherCores: number;
  /** What a message took, idling left out. */
  readonly aMessage: Totals;
}

export interface Saturated {
  readonly load: Load;
  /** Resident memory of the largest process of each role at the end, MiB. */
  readonly gatewayMib: number;
  readonly chatMib: number;
}

export interface MessageMeasures {
  /** The same loads in each repeat, open loop, on LMDB. */
  readonly fitted: readonly (readonly Load[])[];
  /** By repeat, rooms of two on LMDB at about the rate that the wire takes at most. */
  readonly compared: readonly Load[];
  /** By repeat, rooms of two on the MongoDB wire: at a low rate, open loop, and as many as it takes, closed loop. */
  readonly wire: readonly (readonly Load[])[];
  /** Closed loop on the embedded store in a process of its own, in rooms of two and in large ones. */
  readonly saturated: readonly Saturated[];
  /** Of each text that was sent. */
  readonly textBytes: number;
}

/** What the kernel and the commands themselves do by the way. Above it a figure is doubtful, and says so. */
export const otherCoresMax = 0.25;

/** How many of n places get at least one of k things that are thrown at random; the model has the same. */
export function spreadOver(places: number, things: number): number {
  return places * (1 - (1 - 1 / places) ** things);
}

/**
 * Words between chat servers a message: to the home if it is another (1 − 1/n), and its events from there to every other
 * server that has a member. The answer needs none: the event says it.
 */
export function wordsOf({ chatServers, members }: Pick<Load, "chatServers" | "members">): number {
  return (1 - 1 / chatServers) * (1 + spreadOver(chatServers, members));
}

const parts = ["message", "word", "frame", "delivery"] as const;
type Part = (typeof parts)[number];
const howFitted =
  "least squares of relative errors over all loads (which differ in deliveries, link frames and words a message) on LMDB, open loop, idling left out";

/** **Errors**: throws where the loads can't be told apart. */
export function reckonMessages(measures: MessageMeasures): Findings {
  const { fitted: repeats, saturated, textBytes } = measures;
  const gateway = repeats.map((loads) =>
    fitOf(loads, ["message", "frame", "delivery"], ({ gatewayCpuMs }) => gatewayCpuMs),
  );
  const chat = repeats.map((loads) => fitOf(loads, parts, ({ chatCpuMs }) => chatCpuMs));
  const gatewaySeen = seenOf("gatewayCpuMs", gateway, repeats, saturated);
  const chatSeen = seenOf("chatCpuMs", chat, repeats, saturated);
  const costOf = (fits: readonly Fit<Part>[], part: Part, seen: string): Finding => {
    return findingOf(
      fits.map(({ costs }) => costs[part]),
      howFitted,
      seen,
    );
  };
  return {
    gatewayMessageMs: costOf(gateway, "message", gatewaySeen),
    gatewayFrameMs: costOf(gateway, "frame", gatewaySeen),
    gatewayDeliveryMs: costOf(gateway, "delivery", gatewaySeen),
    chatMessageMs: costOf(chat, "message", chatSeen),
    chatHopMs: costOf(chat, "word", chatSeen),
    chatFrameMs: costOf(chat, "frame", chatSeen),
    chatDeliveryMs: costOf(chat, "delivery", chatSeen),
    ...reckonBytes(repeats, textBytes),
    ...reckonRedis(repeats, saturated, textBytes),
    ...reckonStores(measures),
    ...reckonBases(saturated),
  };
}

function fitOf(loads: readonly Load[], names: readonly Part[], costOf: (totals: Totals) => number): Fit<Part> {
  const rows = loads.map((load) => {
    return {
      of: { message: 1, word: wordsOf(load), frame: load.frames, delivery: load.members },
      cost: costOf(load.aMessage),
    };
  });
  const { costs, off } = fitCosts(names, rows);
  // Where a part is not among the names.
  const found: Readonly<Partial<Record<Part, number>>> = costs;
  return { costs: { message: 0, word: 0, frame: 0, delivery: 0, ...found }, off };
}

/** Each load with what the fit says, and what the same takes saturated: less, since whatever meets in a tick is joined. */
function seenOf(
  field: "gatewayCpuMs" | "chatCpuMs",
  fits: readonly Fit<Part>[],
  repeats: readonly (readonly Load[])[],
  saturated: readonly Saturated[],
): string {
  const loads = (repeats[0] ?? []).map((load, index) => {
    const costs = repeats.map((repeat) => show(repeat[index]?.aMessage[field] ?? Number.NaN)).join(" and ");
    const off = fits.map((fit) => `${((fit.off[index] ?? Number.NaN) * 100).toFixed(0)} %`).join(" and ");
    const others = repeats.map((repeat) => repeat[index]?.otherCores ?? 0).filter((cores) => cores > otherCoresMax);
    const doubt = others.length === 0 ? "" : `, DOUBTFUL: other work had ${others.map(show).join(" and ")} cores`;
    return `${load.name} at ${show(load.messagesPerS)}/s${doubt}: ${costs} ms a message (fit off by ${off})`;
  });
  const full = saturated.map(({ load }) => {
    return `saturated, ${load.name} at ${show(load.messagesPerS)}/s: ${show(load.aMessage[field])} ms`;
  });
  return [...loads, ...full].join("; ");
}

function reckonBytes(repeats: readonly (readonly Load[])[], textBytes: number): Findings {
  const all = repeats.flat();
  const sends = all.map(({ aMessage }) => aMessage.clientInBytes - textBytes);
  const out = repeats.map((loads) => {
    const rows = loads.map(({ members, aMessage }) => ({
      of: { ack: 1, delivery: members },
      cost: aMessage.clientOutBytes,
    }));
    return fitCosts(["ack", "delivery"], rows).costs;
  });
  const links = repeats.map((loads) => {
    // Up once, and down once a frame.
    const without = (load: Load): number => linkBytes(load) - textBytes * (1 + load.frames);
    const rows = loads.map((load) => ({
      of: { message: 1, frame: load.frames, delivery: load.members },
      cost: without(load),
    }));
    return fitCosts(["message", "frame", "delivery"], rows).costs;
  });
  const seen = all.map(
    (load) => `${load.name}: ${show(linkBytes(load))} on links, ${show(load.aMessage.clientOutBytes)} to clients`,
  );
  const text = `bytes a message, of them ${textBytes} of text; ${seen.join("; ")}`;
  const fromSockets =
    "what gateways read and wrote (/proc/PID/io) without what they count for clients; fitted as their CPU";
  const fromMetrics =
    "the gateways' counters of bytes, fitted over the deliveries of the loads; WebSocket headers among them";
  return {
    sendBytes: findingOf(sends, "the gateways' counter of bytes that came in, a message", text),
    ackBytes: findingOf(
      out.map(({ ack }) => ack),
      fromMetrics,
      text,
    ),
    deliveryBytes: findingOf(
      out.map(({ delivery }) => delivery - textBytes),
      fromMetrics,
      text,
    ),
    linkMessageBytes: findingOf(
      links.map(({ message }) => message),
      fromSockets,
      text,
    ),
    linkFrameBytes: findingOf(
      links.map(({ frame }) => frame),
      fromSockets,
      text,
    ),
    linkDeliveryBytes: findingOf(
      links.map(({ delivery }) => delivery),
      fromSockets,
      text,
    ),
  };
}

/** Everything that gateways read and wrote, but for the clients' part. */
function linkBytes({ aMessage: { gatewayIoBytes, clientInBytes, clientOutBytes } }: Load): number {
  return gatewayIoBytes - clientInBytes - clientOutBytes;
}

function reckonRedis(
  repeats: readonly (readonly Load[])[],
  saturated: readonly Saturated[],
  textBytes: number,
): Findings {
  const loads = repeats.flat().filter(({ chatServers }) => chatServers > 1);
  const seen = loads
    .map((load) => `${load.name}: ${show(load.aMessage.publishes)} publishes of ${show(wordsOf(load))} words a message`)
    .join("; ");
  const pairs = saturated
    .filter(({ load }) => load.members === 2)
    .map(({ load }) => (load.aMessage.publishes * load.messagesPerS) / (load.chatServers * (load.chatServers - 1)));
  return {
    redisPublishMs: findingOf(
      loads.map(({ aMessage }) => aMessage.redisCpuMs / aMessage.publishes),
      "CPU of Redis over PUBLISH calls (commandstats), both without idling, in loads with two chat servers",
      seen,
    ),
    redisHopBytes: findingOf(
      loads.map((load) => load.aMessage.redisBytes / wordsOf(load) - 2 * textBytes),
      "bytes in and out (INFO stats) a word, without idling; a text goes in once and out once",
      seen,
    ),
    redisPairPublishes: findingOf(
      pairs,
      "two chat servers that are saturated in rooms of two: what is for one server in one tick is one publish",
      pairs.map((each) => `${show(each)} a second and direction`).join("; "),
    ),
  };
}

function reckonStores({ wire, compared, saturated, textBytes }: MessageMeasures): Findings {
  const loads = wire.flat();
  const traffic = (load: Load): number => load.aMessage.chatIoBytes - linkBytes(load) - load.aMessage.redisBytes;
  const small = saturated.map(({ load }) => load).filter(({ members }) => members === 2);
  const list = (of: readonly Load[], tell: (load: Load) => string): string => {
    return of.map((load) => `${load.name} at ${show(load.messagesPerS)}/s: ${tell(load)}`).join("; ");
  };
  const fullest = wire.flatMap((repeat) => repeat.at(-1) ?? []);
  return {
    chatMongoMs: findingOf(
      fullest.map((load, index) => load.aMessage.chatCpuMs - (compared[index]?.aMessage.chatCpuMs ?? Number.NaN)),
      "CPU of chat servers a message in rooms of two on the MongoDB wire, as many as its server takes, less that on LMDB at about that rate",
      list([...fullest, ...compared], ({ aMessage }) => `${show(aMessage.chatCpuMs)} ms`),
    ),
    mongoMessageMs: findingOf(
      loads.map(({ aMessage }) => aMessage.storeCpuMs),
      "CPU of the store's server a message in rooms of two, head checks among it, idling left out",
      list(loads, ({ aMessage }) => `${show(aMessage.storeCpuMs)} ms`),
    ),
    mongoTrafficBytes: findingOf(
      loads.map((load) => traffic(load) - textBytes),
      "what chat servers read and wrote (/proc/PID/io) without links and Redis, a message",
      list(loads, (load) => `${show(traffic(load))} bytes`),
    ),
    lmdbMessageMs: findingOf(
      small.map(({ aMessage }) => aMessage.storeCpuMs),
      "CPU of the process that holds LMDB a message, saturated in rooms of two",
      small.map(({ messagesPerS }) => `${show(messagesPerS)} messages/s`).join("; "),
    ),
  };
}

function reckonBases(saturated: readonly Saturated[]): Findings {
  const how =
    "resident memory of the largest process after it was saturated, with few connections: code, heap and garbage";
  const mib = (of: (one: Saturated) => number): Finding => {
    return findingOf(
      saturated.map(of),
      how,
      saturated.map((one) => `${one.load.name}: ${show(of(one))} MiB`).join("; "),
    );
  };
  return { gatewayBaseMib: mib((one) => one.gatewayMib), chatBaseMib: mib((one) => one.chatMib) };
}
