import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import {
  type CoefficientName,
  coefficientUnits,
  type Coefficient as MeasuredCoefficient,
} from "@parley/simulator/coefficients";
import Type from "typebox";
import { Check, Errors } from "typebox/value";

const coefficientNames = Object.keys(coefficientUnits) as readonly CoefficientName[];

const text = Type.String({ minLength: 1 });
const Coefficient = Type.Object(
  {
    value: Type.Number({ minimum: 0 }),
    unit: text,
    spread: Type.Object(
      { low: Type.Number(), high: Type.Number(), samples: Type.Integer({ minimum: 1 }) },
      { additionalProperties: false },
    ),
    how: text,
    seen: text,
    command: text,
    date: Type.String({ pattern: "^\\d{4}-\\d{2}-\\d{2}$" }),
    machine: text,
    node: Type.String({ pattern: "^v\\d+\\." }),
    commit: Type.String({ pattern: "^[0-9a-f]{7,40}\\+?$" }),
  } satisfies Record<keyof MeasuredCoefficient, unknown>,
  { additionalProperties: false },
);

const CoefficientFile = Type.Object(
  Object.fromEntries(coefficientNames.map((name) => [name, Coefficient])) as Record<
    CoefficientName,
    typeof Coefficient
  >,
  { additionalProperties: false },
);

export type Coefficients = Readonly<Record<CoefficientName, MeasuredCoefficient>>;

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
