import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

/** Everything that `npm test` runs. The suffix says what a file needs: nothing, `.redis`, `.mongodb`, `.browser`, … */
export default defineConfig({
  root: fileURLToPath(new URL("..", import.meta.url)),
  test: {
    include: ["{gateway,chat-server,presence}/src/**/*.test.ts", "libs/*/src/**/*.test.ts", "infra/**/*.test.ts"],
    setupFiles: ["infra/property-seed.ts"],
    exclude: ["**/node_modules/**"],
    // Two cores: a third file would only make real servers of the other two late.
    maxWorkers: 2,
    // Waits end by a condition; these bounds only catch one that never comes, on a machine that is busy.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    teardownTimeout: 20_000,
    passWithNoTests: false,
    allowOnly: process.env.CI === undefined,
  },
});
