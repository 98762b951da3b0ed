import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { isFields } from "../../history/content.ts";

export interface LogLine {
  /** ms since 1970. */
  readonly time: number;
  readonly node: string;
  readonly phrase: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** What the processes logged with one of these phrases, in the order of the file. */
export async function readLogLines(file: string, phrases: readonly string[]): Promise<readonly LogLine[]> {
  const lines: LogLine[] = [];
  for await (const text of createInterface({ input: createReadStream(file) })) {
    if (!phrases.some((phrase) => text.includes(phrase))) continue;
    const fields: unknown = JSON.parse(text);
    if (!isFields(fields)) continue;
    const { time, node, msg } = fields;
    if (!phrases.includes(String(msg))) continue;
    lines.push({
      time: typeof time === "number" ? time : Date.parse(String(time)),
      node: String(node),
      phrase: String(msg),
      fields,
    });
  }
  return lines;
}
