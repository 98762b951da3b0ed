import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import Type, { type Static } from "typebox";
import { Check, Errors } from "typebox/value";

/** Everything that the model takes from measurements, with the unit that it reckons in. CPU in ms of one core. */
export const coefficientUnits = {
  gatewayMessageMs: "ms CPU a message",
  gatewayFrameMs: "ms CPU a link frame",
  gatewayDeliveryMs: "ms CPU a delivery",
  gatewayThousandMs: "ms CPU a 1,000 deliveries",
  gatewayConnectMs: "ms CPU a connect",
  gatewayIdleMs: "ms CPU a second and connection",
  gatewayConnectionKib: "KiB RSS a connection",
  gatewayBaseMib: "MiB RSS a process",
  chatMessageMs: "ms CPU a message",
  chatHopMs: "ms CPU a word to another chat server",
  chatFrameMs: "ms CPU a link frame",
  chatDeliveryMs: "ms CPU a delivery",
  chatThousandMs: "ms CPU a 1,000 deliveries",
  chatConnectMs: "ms CPU a connect",
  chatConnectionKib: "KiB RSS a connection",
  chatBaseMib: "MiB RSS a process",
  redisPublishMs: "ms CPU a publish",
  redisPairPublishes: "publishes a second of one chat server to another, at most",
  redisHopBytes: "bytes in and out a word to another chat server, without twice its text",
  redisConnectMs: "ms CPU a connect",
  redisConnectionBytes: "bytes of memory a connection",
  redisBeatMs: "ms CPU a heartbeat",
  redisBeatNodeMs: "ms CPU a heartbeat and node of the fleet",
  redisBeatNodeBytes: "bytes out a heartbeat and node of the fleet",
  ringNodeMs: "ms CPU a node of a new ring",
  deliveryBytes: "bytes of a delivered frame, without its text",
  ackBytes: "bytes of an ack",
  lmdbAppendMs: "ms of the one writer an append",
  lmdbAppendCpuMs: "ms CPU an append",
  lmdbMessageBytes: "bytes on disk a message, without its text",
  lmdbTextBytes: "bytes on disk a byte of text",
  mongoAppendMs: "ms of one server's time an append",
  mongoAppendCpuMs: "ms CPU of the server an append",
  mongoMessageBytes: "bytes on disk a message, without its text",
  mongoTextBytes: "bytes on disk a byte of text",
} as const;

export type CoefficientName = keyof typeof coefficientUnits;

const coefficientNames = Object.keys(coefficientUnits) as readonly CoefficientName[];

const Coefficient = Type.Object(
  {
    value: Type.Number({ minimum: 0 }),
    unit: Type.String({ minLength: 1 }),
    /** Day of the measurement. */
    date: Type.String({ pattern: "^\\d{4}-\\d{2}-\\d{2}$" }),
    machine: Type.String({ minLength: 1 }),
    /** Measures it anew and writes it here. */
    command: Type.String({ minLength: 1 }),
    /** What was seen, of which the value was reckoned. */
    seen: Type.String({ minLength: 1 }),
  },
  { additionalProperties: false },
);

const CoefficientFile = Type.Object(
  Object.fromEntries(coefficientNames.map((name) => [name, Coefficient])) as Record<
    CoefficientName,
    typeof Coefficient
  >,
  { additionalProperties: false },
);

export type Coefficient = Static<typeof Coefficient>;
export type Coefficients = Readonly<Record<CoefficientName, Coefficient>>;

export const coefficientsFile = fileURLToPath(new URL("../coefficients.json", import.meta.url));

/** The file is missing, is no JSON, or lacks something. The message names the field. */
export class CoefficientsError extends Error {
  constructor(message: string) {
    super(`${message}; npm run bench -- coefficients --write measures all of them anew`);
    this.name = "CoefficientsError";
  }
}

/** **Errors**: {@link CoefficientsError}. */
export function loadCoefficients(file = coefficientsFile): Coefficients {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    throw new CoefficientsError(`${file} can't be read: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
  return parseCoefficients(text);
}

/** **Errors**: {@link CoefficientsError}. */
export function parseCoefficients(text: string): Coefficients {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new CoefficientsError(
      `the coefficients are no JSON: ${cause instanceof Error ? cause.message : String(cause)}`,
    );
  }
  if (!Check(CoefficientFile, value)) {
    const complaints = [...Errors(CoefficientFile, value)].map(
      ({ instancePath, message }) => `${instancePath.slice(1).replaceAll("/", ".") || "the file"} ${message}`,
    );
    throw new CoefficientsError(`the coefficients are not usable: ${complaints.slice(0, 3).join("; ")}`);
  }
  for (const name of coefficientNames) {
    const { unit } = value[name];
    if (unit === coefficientUnits[name]) continue;
    throw new CoefficientsError(
      `${name} was measured in ${JSON.stringify(unit)}, the model reckons in ${JSON.stringify(coefficientUnits[name])}`,
    );
  }
  return value;
}

/** Only the numbers, for the formulas. */
export function valuesOf(coefficients: Coefficients): Readonly<Record<CoefficientName, number>> {
  return Object.fromEntries(coefficientNames.map((name) => [name, coefficients[name].value])) as Record<
    CoefficientName,
    number
  >;
}
