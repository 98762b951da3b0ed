import { spawn } from "node:child_process";
import { join } from "node:path";
import { root } from "./root.ts";

/** `npm run check`: types, then formatter, linter, import directions and determinism (rules in infra/rules). */
const bin = join(root, "node_modules", ".bin");
const isFixing = process.argv.includes("--fix");
const steps: readonly (readonly [what: string, file: string, args: readonly string[]])[] = [
  ["types", "tsc", ["-p", "infra/tsconfig.json"]],
  ["format, lint, import directions", "biome", ["check", "--error-on-warnings", ...(isFixing ? ["--write"] : []), "."]],
];

let failed = 0;
for (const [what, file, args] of steps) {
  process.stdout.write(`${what}\n`);
  const child = spawn(join(bin, file), args, { cwd: root, stdio: "inherit" });
  const code = await new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (exitCode) => resolve(exitCode ?? 1));
  });
  if (code !== 0) failed += 1;
}
process.stdout.write(failed === 0 ? "check passed\n" : `${failed} of ${steps.length} checks failed\n`);
process.exitCode = failed === 0 ? 0 : 1;
