import type { TSchema } from "typebox";
import { closeCodes } from "./close-codes.ts";
import { errorCodes } from "./errors.ts";
import { type FrameDefinition, frameDefinitions, type JsonObject, plain } from "./json-schema.ts";
import { WIRE_VERSION, wireNotes } from "./wire-version.ts";

/** The page that people read: every frame with its fields and an example, and both registries of codes. */
export function referencePage(): string {
  return `${[
    "# Protocol reference",
    `Generated from the schemas in \`libs/protocol\` by \`node libs/protocol/src/generate.ts\`; do not edit. Version ${WIRE_VERSION}, ` +
      `subprotocol \`parley.v${WIRE_VERSION}\`, last change: ${wireNotes.at(-1)?.note ?? "none"}`,
    "Each frame is one JSON object in one WebSocket text frame. Unknown fields are ignored. What is promised about the " +
      "frames (order, durability, repeats) stands in [protocol.md](protocol.md).",
    "## Client to server",
    ...frameDefinitions.filter(({ from }) => from === "client").map(section),
    "## Server to client",
    ...frameDefinitions.filter(({ from }) => from === "server").map(section),
    "## Error codes",
    table(
      ["code", "retryable", "meaning", "when"],
      Object.entries(errorCodes).map(([code, { retryable, meaning, when }]) => [
        `\`${code}\``,
        yesNo(retryable),
        meaning,
        when,
      ]),
    ),
    "## Close codes",
    table(
      ["code", "name", "reconnect", "meaning"],
      Object.entries(closeCodes).map(([code, { name, reconnects, meaning }]) => [
        code,
        `\`${name}\``,
        yesNo(reconnects),
        meaning,
      ]),
    ),
    "Any other code, 1006 above all (the connection fell without a word), means: reconnect.",
  ].join("\n\n")}\n`;
}

function section({ name, schema, examples }: FrameDefinition): string {
  const { description, properties, required } = plain(schema);
  const needed = Array.isArray(required) ? required : [];
  const rows = Object.entries(properties as Record<string, JsonObject>).map(([field, property]) => [
    `\`${field}\``,
    yesNo(needed.includes(field)),
    words(property),
  ]);
  const example = examples.at(-1);
  return [
    `### \`${name.replace(/^(client|server)\./, "")}\``,
    String(description),
    table(["field", "required", "what"], rows),
    `\`\`\`json\n${JSON.stringify(example)}\n\`\`\``,
  ].join("\n\n");
}

function words(property: TSchema & { readonly description?: unknown }): string {
  return String(property.description ?? "").replaceAll("|", "\\|");
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function yesNo(value: boolean): string {
  return value ? "yes" : "no";
}
