import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { chatServerConfig } from "@parley/chat-server";
import { envName } from "@parley/config";
import { gatewayConfig } from "@parley/gateway";
import { presenceConfig } from "@parley/presence";
import { expect, test } from "vitest";
import { clusterTable, nodeTable, startTable } from "../settings.ts";
import { configurationPage } from "./configuration-page.ts";
import { root } from "./root.ts";

const tables = [startTable, clusterTable, nodeTable, gatewayConfig, chatServerConfig, presenceConfig];
const known = new Set(
  tables.flatMap(({ section, fields }) =>
    Object.entries(fields).map(([key, field]) => envName(section, key, field.env)),
  ),
);

test("docs/configuration.md is what the tables say (else: npm run docs)", async () => {
  expect(await readFile(join(root, "docs", "configuration.md"), "utf8")).toBe(configurationPage());
});

test("every setting is on the page, with a help sentence", () => {
  const page = configurationPage();
  for (const name of known) expect(page).toContain(`\`${name}\``);
  for (const { fields } of tables) {
    for (const field of Object.values(fields)) expect(field.help).toMatch(/[.;)]$/);
  }
});

test("every PARLEY_ variable in the Docker files is a setting that exists", async () => {
  const folder = join(root, "infra", "docker");
  const used = new Set<string>();
  for (const file of await readdir(folder)) {
    if (file.endsWith(".ts")) continue;
    for (const [name] of (await readFile(join(folder, file), "utf8")).matchAll(/PARLEY_[A-Z_]+/g)) used.add(name);
  }
  expect(used.size).toBeGreaterThan(5);
  expect([...used].filter((name) => !known.has(name))).toEqual([]);
});
