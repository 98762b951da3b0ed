import { asyncApiDocument } from "./asyncapi.ts";
import { jsonSchemaFiles } from "./json-schema.ts";
import { referencePage } from "./reference-page.ts";

/** Path in this package → text of every file that is generated from the schemas. */
export function generatedFiles(): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const [name, schema] of jsonSchemaFiles()) files.set(`schema/${name}`, pretty(schema));
  files.set("asyncapi.json", pretty(asyncApiDocument()));
  files.set("../../docs/protocol-reference.md", referencePage());
  return files;
}

function pretty(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
