import type { TObject, TProperties, TSchema } from "typebox";
import { Check } from "typebox/value";
import type { ErrorCode } from "./errors.ts";
import { limits } from "./fields.ts";

/** Why a frame is refused; `message` begins with the name of the field at fault. */
export interface Refusal {
  readonly code: ErrorCode;
  readonly message: string;
}

/**
 * Finds the first field, in the order of the contract, that broke its schema. The messages are ours from end to end:
 * nothing that the client sent is repeated, so that none of it can reach a log or another's screen.
 * Only ever called for frames that are known to be wrong, hence not compiled.
 */
export function explainFields(schema: TObject<TProperties>, fields: Readonly<Record<string, unknown>>): Refusal {
  const required: readonly string[] = schema.required;
  for (const [name, property] of Object.entries<TSchema>(schema.properties)) {
    const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (value === undefined) {
      if (required.includes(name))
        return { code: "bad_frame", message: `${name}: is missing; must be ${words(property)}` };
    } else if (name === "attachments") {
      return attachmentsRefusal;
    } else if (!Check(property, value)) {
      return { code: codeOf(name, value), message: `${name}: must be ${words(property)}` };
    }
  }
  if (Object.hasOwn(schema.properties, "data")) {
    return { code: "bad_frame", message: "text: must be given, or data, or both" };
  }
  return { code: "bad_frame", message: "before, after: only one of the two may be given" };
}

export const attachmentsRefusal: Refusal = {
  code: "bad_frame",
  message: "attachments: must be left out, since this server does not support them yet",
};

/** A long text is no sign of a broken client: it has its own code, and does not count among the bad frames. */
function codeOf(name: string, value: unknown): ErrorCode {
  if (name !== "text" || typeof value !== "string") return "bad_frame";
  return [...value].length > limits.textCharactersMax ? "too_large" : "bad_frame";
}

function words(property: TSchema): string {
  return "description" in property && typeof property.description === "string" ? property.description : "as documented";
}
