import { ConfigError } from "@parley/config";

const secondsOf: Readonly<Record<string, number>> = { "": 1, s: 1, m: 60, h: 3_600, d: 86_400 };
/** Ten years: whoever wants more wants a key that can be revoked. */
const expiryMaxS = 10 * 365 * 86_400;

/** 90, 90s, 15m, 1h, 7d → seconds. **Errors**: ConfigError outside 1 s to 10 years. */
export function parseExpiry(text: string): number {
  const [, digits = "", unit = ""] = /^(\d{1,12})([smhd]?)$/.exec(text) ?? [];
  const seconds = Number(digits) * (secondsOf[unit] ?? 0);
  if (seconds >= 1 && seconds <= expiryMaxS) return seconds;
  throw new ConfigError(
    `--expires is ${JSON.stringify(text)}: it must be a time as 90s, 15m, 1h or 7d, at most ten years`,
  );
}
