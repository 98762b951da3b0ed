import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { Ajv } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import { asyncApiDocument } from "./asyncapi.ts";
import { clientExamples, eventExamples, serverExamples } from "./examples.ts";
import { generatedFiles } from "./generated-files.ts";
import { frameDefinitions } from "./json-schema.ts";
import { wireHash } from "./wire-hash.ts";
import { WIRE_VERSION, wireNotes } from "./wire-version.ts";

const root = join(import.meta.dirname, "..");
const how = "run `node libs/protocol/src/generate.ts` and commit what it writes";

describe("generated files", () => {
  test.each([...generatedFiles()])("%s agrees with the source", (path, text) => {
    expect(readFileSync(join(root, path), "utf8") === text, how).toBe(true);
  });

  test("are all there is in schema/", () => {
    const files = [...generatedFiles().keys()].filter((path) => path.startsWith("schema/"));
    expect(
      readdirSync(join(root, "schema"))
        .map((name) => `schema/${name}`)
        .sort(),
      how,
    ).toEqual(files.sort());
  });
});

describe("the wire", () => {
  test("has not changed without a note", () => {
    const last = wireNotes.at(-1);
    const hash = wireHash();
    expect(
      last?.hash,
      `The schemas are no longer those of the last note in libs/protocol/src/wire-version.ts. Frames and fields may be ` +
        `added, never renamed, retyped, removed or made required. If this change only adds: append ` +
        `{ version: ${WIRE_VERSION}, hash: "${hash}", note: "<what was added>" } to wireNotes, and ${how}. ` +
        `If it does more, take it back, or begin parley.v${WIRE_VERSION + 1} beside this one.`,
    ).toBe(hash);
    expect(last?.version).toBe(WIRE_VERSION);
  });

  test("has one note a state, versions never falling", () => {
    expect(new Set(wireNotes.map(({ hash }) => hash)).size).toBe(wireNotes.length);
    expect(wireNotes.map(({ version }) => version)).toEqual(
      wireNotes.map(({ version }) => version).sort((a, b) => a - b),
    );
  });
});

describe("JSON Schema, as another validator reads it", () => {
  const files = [...generatedFiles()].filter(([path]) => path.startsWith("schema/"));
  const ajv = new Ajv2020({ strict: true, strictRequired: false, allErrors: true });
  for (const [, text] of files) ajv.addSchema(JSON.parse(text));

  test.each(frameDefinitions.map(({ name, from, examples }) => [name, from, examples] as const))(
    "%s takes its own examples, and so does the schema of its direction",
    (name, from, examples) => {
      expect(examples).not.toHaveLength(0);
      for (const example of examples) {
        expect(ajv.validate(`urn:parley:v1:${name}`, example), ajv.errorsText()).toBe(true);
        expect(ajv.validate(`urn:parley:v1:${from}`, example), ajv.errorsText()).toBe(true);
      }
    },
  );

  test("a frame of the other direction, without a field or with a wrong one is refused", () => {
    for (const frame of Object.values(serverExamples)
      .flat()
      .filter(({ type }) => type !== "typing")) {
      expect(ajv.validate("urn:parley:v1:client", frame)).toBe(false);
    }
    for (const frame of Object.values(clientExamples)
      .flat()
      .filter(({ type }) => type !== "typing")) {
      expect(ajv.validate("urn:parley:v1:server", frame)).toBe(false);
    }
    const send = { type: "send", id: "i", channel: "c" };
    expect(ajv.validate("urn:parley:v1:client.send", send)).toBe(false);
    expect(ajv.validate("urn:parley:v1:client.send", { ...send, text: "x".repeat(8_001) })).toBe(false);
    const history = { type: "history", id: "i", channel: "c" };
    expect(ajv.validate("urn:parley:v1:client.history", { ...history, before: 2, after: 1 })).toBe(false);
    expect(ajv.validate("urn:parley:v1:server.event.noop", { ...eventExamples.noop[0], seq: 0 })).toBe(false);
  });
});

describe("the AsyncAPI document", () => {
  const document = JSON.parse(JSON.stringify(asyncApiDocument()));

  test("keeps to the published schema of AsyncAPI 3.0.0", () => {
    const schema = createRequire(import.meta.url)("@asyncapi/specs/schemas/3.0.0-without-$id.json");
    // The published schema is of draft 7 and names formats that need no checking here.
    const ajv = new Ajv({ strict: false, validateFormats: false });
    expect(ajv.validate(schema, document), ajv.errorsText()).toBe(true);
  });

  test("refers to nothing that is not there", () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path]) => path ?? "");
    expect(references.length).toBeGreaterThan(100);
    for (const reference of references) {
      const target = reference.split("/").reduce((node, key) => node?.[key], document);
      expect(target, reference).toBeDefined();
    }
  });

  test("receives every frame of a client and sends every frame of a server", () => {
    const names = (action: string) =>
      Object.keys(document.operations)
        .filter((name) => document.operations[name].action === action)
        .map((name) => name.slice(name.indexOf(".") + 1))
        .sort();
    expect(names("receive")).toEqual(Object.keys(clientExamples).sort());
    const events = Object.keys(eventExamples).map((kind) => `event.${kind}`);
    expect(names("send")).toEqual([...Object.keys(serverExamples), ...events].sort());
  });
});
