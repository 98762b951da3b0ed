import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { generatedFiles } from "./generated-files.ts";

/** Writes the generated documents anew; run it after each change of a schema: `node libs/protocol/src/generate.ts`. */
const root = join(import.meta.dirname, "..");
const files = generatedFiles();
await mkdir(join(root, "schema"), { recursive: true });
for (const name of await readdir(join(root, "schema"))) {
  if (!files.has(`schema/${name}`)) await rm(join(root, "schema", name));
}
for (const [path, text] of files) await writeFile(join(root, path), text);
