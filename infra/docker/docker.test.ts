import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

/** No Docker engine is needed for these: they hold the files to the workspace that they package. */
const root = fileURLToPath(new URL("../..", import.meta.url));
const read = (file: string) => readFile(`${root}/${file}`, "utf8");

test("every package of the workspace has its manifest copied before the installation", async () => {
  const dockerfile = await read("infra/docker/Dockerfile");
  const libs = (await readdir(`${root}/libs`)).map((name) => `libs/${name}`);
  for (const folder of ["gateway", "chat-server", "presence", "infra/run", "infra/prove", "infra/capacity", ...libs]) {
    expect(dockerfile).toContain(`COPY ${folder}/package.json ${folder}/\n`);
  }
});

test("the image installs with the pnpm that the workspace pins", async () => {
  const manifest: { packageManager: string } = JSON.parse(await read("package.json"));
  expect(await read("infra/docker/Dockerfile")).toContain(
    `npx --yes ${manifest.packageManager} install --frozen-lockfile`,
  );
});

test("no target runs as root, and every target that compose builds exists", async () => {
  const dockerfile = await read("infra/docker/Dockerfile");
  const targets = [...dockerfile.matchAll(/^FROM runtime AS (\S+)$/gm)].map(([, name]) => name);
  expect(targets).toEqual(["gateway", "chat-server", "presence", "joined"]);
  expect(dockerfile).toMatch(/^USER 1000:1000$/m);
  const compose = await read("infra/docker/compose.yaml");
  for (const [, target] of compose.matchAll(/target: ([\w-]+)/g)) expect(targets).toContain(target);
});
