import type { TObject, TProperties } from "typebox";
import { clientFrameSchemas } from "./client-frames.ts";
import { eventSchemas } from "./event-frames.ts";
import { clientExamples, eventExamples, serverExamples } from "./examples.ts";
import { serverFrameSchemas } from "./server-frames.ts";

/** One kind of frame, as the generated files know it. */
export interface FrameDefinition {
  /** `client.send`, `server.ack`, `server.event.message`: the name of its file, and of its part in other documents. */
  readonly name: string;
  readonly from: "client" | "server";
  readonly schema: TObject<TProperties>;
  readonly examples: readonly object[];
}

export type JsonObject = { readonly [key: string]: unknown };

const dialect = "https://json-schema.org/draft/2020-12/schema";

/** Every frame of the contract, in its order. */
export const frameDefinitions: readonly FrameDefinition[] = [
  ...define("client", "client", clientFrameSchemas, clientExamples),
  ...define("server", "server", serverFrameSchemas, serverExamples),
  ...define("server.event", "server", eventSchemas, eventExamples),
];

/** What `schema/` holds, by file name: a file a frame, and one a direction that tells the frames apart. */
export function jsonSchemaFiles(): ReadonlyMap<string, JsonObject> {
  const files = new Map<string, JsonObject>();
  for (const { name, schema, examples } of frameDefinitions) {
    files.set(`${name}.json`, { $schema: dialect, $id: urn(name), title: name, ...plain(schema), examples });
  }
  files.set("client.json", anyFrame("client"));
  files.set("server.json", anyFrame("server"));
  return files;
}

/** A schema as bare JSON, without what TypeBox keeps beside it. */
export function plain(schema: TObject<TProperties>): JsonObject {
  return JSON.parse(JSON.stringify(schema));
}

function anyFrame(from: "client" | "server"): JsonObject {
  const own = frameDefinitions.filter((definition) => definition.from === from);
  return {
    $schema: dialect,
    $id: urn(from),
    title: `Any frame of a ${from}`,
    oneOf: own.map(({ name }) => ({ $ref: `#/$defs/${name}` })),
    $defs: Object.fromEntries(own.map(({ name, schema }) => [name, plain(schema)])),
  };
}

function urn(name: string): string {
  return `urn:parley:v1:${name}`;
}

function define(
  prefix: string,
  from: "client" | "server",
  schemas: Readonly<Record<string, TObject<TProperties>>>,
  examples: Readonly<Record<string, readonly object[]>>,
): FrameDefinition[] {
  return Object.entries(schemas).map(([name, schema]) => {
    return { name: `${prefix}.${name}`, from, schema, examples: examples[name] ?? [] };
  });
}
