import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { configurationPage } from "./configuration-page.ts";
import { root } from "./root.ts";

/** `npm run docs`: the pages that are generated from code. */
await writeFile(join(root, "docs", "configuration.md"), configurationPage());
process.stdout.write("docs/configuration.md\n");
