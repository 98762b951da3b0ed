import { loadOrCreateKeyFile, signToken } from "@parley/auth";
import { ConfigError, defineConfig } from "@parley/config";
import { parseExpiry } from "./expiry.ts";

/** `npm run --silent token -- --user ada`: prints a token for the system that runs on the data folder, and nothing else. */
const table = defineConfig("token", {
  user: {
    type: "string",
    default: undefined,
    pattern: /^[A-Za-z0-9_-]{1,64}$/,
    range: "1 to 64 characters A-Z a-z 0-9 _ -",
    help: "User id.",
  },
  data: { type: "string", default: "./data", env: "PARLEY_DATA", help: "Data folder of the running system." },
  scope: { type: "string", default: undefined, help: "`admin` opens the admin API." },
  name: { type: "string", default: undefined, help: "Name to show." },
  expires: {
    type: "string",
    default: "1h",
    pattern: /^\d+[smhd]?$/,
    range: "a time as 90s, 15m, 1h or 7d",
    help: "Validity.",
  },
});

try {
  const parsed = table.parse(process.argv.slice(2), process.env, "Prints a token for a user.");
  if (parsed.kind === "help") {
    process.stdout.write(parsed.text);
  } else {
    const { user, data, scope, name, expires } = parsed.config;
    if (user === undefined) throw new ConfigError("--user is missing: it must be a user id");
    const { signing } = await loadOrCreateKeyFile(data);
    const token = signToken({
      user,
      expiresInS: parseExpiry(expires),
      key: signing,
      ...(scope === undefined ? {} : { scope }),
      ...(name === undefined ? {} : { name }),
    });
    process.stdout.write(`${token}\n`);
  }
} catch (error) {
  process.stderr.write(`token: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = error instanceof ConfigError ? 2 : 1;
}
