import { join } from "node:path";
import { startVitest, type TestModule } from "vitest/node";
import { closingLine, exitCodeOf, type TestCounts } from "./closing-line.ts";
import { ensurePrerequisites } from "./prerequisites.ts";
import { root } from "./root.ts";

/** `npm test [-- part of a path …]`: what the tests need, then all of them, then the closing line. */
const say = (line: string): void => void process.stderr.write(`${line}\n`);

await ensurePrerequisites(say);
const vitest = await startVitest("test", process.argv.slice(2), {
  config: join(root, "infra", "vitest.config.ts"),
  root,
  watch: false,
});
const modules = vitest.state.getTestModules();
const counts = count(modules, vitest.state.getUnhandledErrors().length);
await vitest.close();
process.stdout.write(`\n${closingLine(counts)}\n`, () => process.exit(exitCodeOf(counts)));

/** A file that could not be loaded, a hook that failed and an error that nobody caught count as failures. */
function count(files: readonly TestModule[], unhandled: number): TestCounts {
  const counted = { passed: 0, failed: unhandled, skipped: 0 };
  for (const file of files) {
    let failedHere = 0;
    for (const test of file.children.allTests()) {
      const { state } = test.result();
      if (state === "failed") failedHere += 1;
      counted[state === "pending" ? "failed" : state] += 1;
    }
    if (failedHere === 0 && file.state() === "failed") counted.failed += 1;
  }
  return counted;
}
