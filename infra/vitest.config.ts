import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const include = ["{gateway,chat-server,presence}/src/**/*.test.ts", "libs/*/src/**/*.test.ts", "infra/**/*.test.ts"];
const exclude = ["**/node_modules/**"];
const slow = "**/*.slow.test.ts";

/**
 * Everything that `npm test` runs. The suffix says what a file needs: nothing, `.redis`, `.mongodb`, `.browser`, …
 * `.slow` files run after all others and one by one: they measure, and nothing of ours shall run beside them.
 */
export default defineConfig({
  root: fileURLToPath(new URL("..", import.meta.url)),
  test: {
    setupFiles: ["infra/property-seed.ts"],
    projects: [
      // Two cores: a third file would only make real servers of the other two late.
      { extends: true, test: { name: "tests", include, exclude: [...exclude, slow], maxWorkers: 2 } },
      { extends: true, test: { name: "slow", include: [slow], exclude, maxWorkers: 1, sequence: { groupOrder: 1 } } },
    ],
    // Waits end by a condition; these bounds only catch one that never comes, on a machine that is busy.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    teardownTimeout: 20_000,
    passWithNoTests: false,
    allowOnly: process.env.CI === undefined,
  },
});
