/**
 * Everything that the capacity model (`npm run capacity`, infra/capacity) takes from measurements, with the unit that it
 * reckons in; `npm run bench -- coefficients` measures each. CPU in ms of one core. "Word": one message of a chat server
 * to another, many of which may share a publish.
 */
export const coefficientUnits = {
  gatewayMessageMs: "ms CPU a message",
  gatewayFrameMs: "ms CPU a link frame",
  gatewayDeliveryMs: "ms CPU a delivery",
  gatewayConnectMs: "ms CPU a connect",
  gatewayChannelMs: "ms CPU a connect and channel of the user",
  gatewayIdleMs: "ms CPU a second and connection",
  gatewayPageMs: "ms CPU a page of history",
  gatewayConnectionKib: "KiB RSS a connection",
  gatewayBaseMib: "MiB RSS a process",
  chatMessageMs: "ms CPU a message",
  chatMongoMs: "ms CPU a message more on the MongoDB wire than on LMDB",
  chatHopMs: "ms CPU a word to another chat server",
  chatFrameMs: "ms CPU a link frame",
  chatDeliveryMs: "ms CPU a delivery",
  chatConnectMs: "ms CPU a connect",
  chatChannelMs: "ms CPU a connect and channel that the server holds",
  chatColdChannelMs: "ms CPU a connect and channel that the server does not hold",
  chatIdleMs: "ms CPU a second and connection",
  chatSweepMs: "ms CPU a head compared",
  chatPageMs: "ms CPU a page of history",
  chatConnectionKib: "KiB RSS a connection",
  chatChannelKib: "KiB RSS a connection and channel of the user",
  chatBaseMib: "MiB RSS a process",
  ringNodeMs: "ms CPU a node of a new ring",
  linkMessageBytes: "bytes on links a message and its ack, without its text",
  linkFrameBytes: "bytes on links a link frame, without its text",
  linkDeliveryBytes: "bytes on links a delivery",
  sendBytes: "bytes of a send, without its text",
  ackBytes: "bytes of an ack",
  deliveryBytes: "bytes of a delivered frame, without its text",
  pageBytes: "bytes to the client a page of history, without its texts",
  redisPublishMs: "ms CPU a publish",
  redisPairPublishes: "publishes a second of one chat server to another, at most",
  redisHopBytes: "bytes in and out a word to another chat server, without twice its text",
  redisConnectMs: "ms CPU a connect",
  redisChannelMs: "ms CPU a connect and channel of the user",
  redisConnectionBytes: "bytes of memory a connection",
  redisBeatMs: "ms CPU a heartbeat",
  redisBeatNodeMs: "ms CPU a heartbeat and node of the fleet",
  redisBeatNodeBytes: "bytes out a heartbeat and node of the fleet",
  mongoAppendMs: "ms of one server's time an append",
  mongoMessageMs: "ms CPU of the server a message",
  mongoPageMs: "ms CPU of the server a page of history",
  mongoConnectMs: "ms CPU of the server a connect",
  mongoChannelMs: "ms CPU of the server a connect and channel that the chat server holds",
  mongoColdChannelMs: "ms CPU of the server a connect and channel that the chat server does not hold",
  mongoIdleMs: "ms CPU of the server a second and connection",
  mongoSweepMs: "ms CPU of the server a head compared",
  mongoTrafficBytes: "bytes between chat servers and the store a message, without its text",
  mongoMessageBytes: "bytes on disk a message, without its text",
  mongoTextBytes: "bytes on disk a byte of text",
  lmdbAppendMs: "ms of the one writer an append",
  lmdbMessageMs: "ms CPU of the store a message",
  lmdbMessageBytes: "bytes on disk a message, without its text",
  lmdbTextBytes: "bytes on disk a byte of text",
} as const;

export type CoefficientName = keyof typeof coefficientUnits;

/** Of the values that single repeats gave; of one repeat alone both are its value. */
export interface CoefficientSpread {
  readonly low: number;
  readonly high: number;
  readonly samples: number;
}

/** One coefficient as it stands in the file, with all that is needed to doubt it or to measure it anew. */
export interface Coefficient {
  readonly value: number;
  readonly unit: string;
  readonly spread: CoefficientSpread;
  /** By which work and arithmetic it was found. */
  readonly how: string;
  /** What was seen, of which the value was reckoned. */
  readonly seen: string;
  /** Measures it anew and writes it. */
  readonly command: string;
  /** Day of the measurement, as YYYY-MM-DD. */
  readonly date: string;
  readonly machine: string;
  readonly node: string;
  /** Of the code that was measured; `+` behind it: with changes that were not committed. */
  readonly commit: string;
}

/** What a measurement gives; provenance is put to it when it is written. */
export type Finding = Pick<Coefficient, "value" | "spread" | "how" | "seen">;
export type Findings = Readonly<Partial<Record<CoefficientName, Finding>>>;

export function isCoefficientName(name: string): name is CoefficientName {
  return Object.hasOwn(coefficientUnits, name);
}
