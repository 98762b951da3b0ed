import { tellParent } from "./child-message.ts";
import { onShutdown } from "./shutdown.ts";

/** A process of the fleet that does nothing, for the tests of the supervisor; how it behaves is in its environment. */
const { FIXTURE_EXIT, FIXTURE_DEAF, FIXTURE_PORT = "4711" } = process.env;

if (FIXTURE_EXIT !== undefined) process.exit(Number(FIXTURE_EXIT));
if (FIXTURE_DEAF === undefined)
  onShutdown(
    async () => {},
    1_000,
    () => {},
  );
else process.on("SIGTERM", () => {});

setInterval(() => {}, 60_000);
tellParent({ kind: "say", line: "almost" });
tellParent({
  kind: "up",
  up: {
    parts: [{ role: "gateway", node: "gw-1", address: `ws://127.0.0.1:${FIXTURE_PORT}` }],
    management: "http://127.0.0.1:1",
    environment: { FIXTURE_PORT: "4712" },
  },
});
