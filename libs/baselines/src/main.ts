import { startBaseline } from "./chat-server.ts";

/** One server process, started by {@link startBaselineFleet}; ends with the channel to its parent. */
const [redis, mongodb] = process.argv.slice(2);
if (redis === undefined) throw new Error("the first argument must be the Redis URL");
const server = await startBaseline({ redis, mongodb });
process.on("disconnect", () => process.exit(0));
process.on("SIGTERM", () => void server.close().then(() => process.exit(0)));
process.send?.({ port: server.port });
