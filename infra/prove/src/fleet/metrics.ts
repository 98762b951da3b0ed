import { get } from "node:http";

/** Metrics of one process as `/metrics` tells them: each name with the sum over its labels. */
export type Metrics = ReadonlyMap<string, number>;

const answerWithinMs = 5_000;

/** **Errors**: rejects when the process does not answer in time. */
export async function readMetrics(management: string): Promise<Metrics> {
  return parseMetrics((await ask(`${management}/metrics`)).text);
}

/** **Source**: the text format of Prometheus: `name{label="value",…} number`. */
export function parseMetrics(text: string): Metrics {
  const sums = new Map<string, number>();
  for (const line of text.split("\n")) {
    const [, name, value] = /^([A-Za-z_:][\w:]*)(?:\{.*\})? (\S+)/.exec(line) ?? [];
    if (name === undefined) continue;
    sums.set(name, (sums.get(name) ?? 0) + Number(value));
  }
  return sums;
}

export async function isReady(management: string): Promise<boolean> {
  try {
    return (await ask(`${management}/readyz`)).status === 200;
  } catch {
    return false;
  }
}

/** On a connection of its own: one that is kept open would count among the sockets that a process holds at rest. */
function ask(url: string): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent: false, timeout: answerWithinMs }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
      response.on("error", reject);
    });
    request.on("timeout", () => request.destroy(new Error(`${url} does not answer`)));
    request.on("error", reject);
  });
}
