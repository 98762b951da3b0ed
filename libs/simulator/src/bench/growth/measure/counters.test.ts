import { createServer } from "node:net";
import { expect, test } from "vitest";
import { type Counters, ratesBetween, sumOf } from "./counters.ts";
import { parseSchedstat, threadCpuSeconds } from "./cpu.ts";
import { parseBulk, parseCommandStats, readRedisCommands } from "./redis-commands.ts";
import { sumOfMetric } from "./store-calls.ts";

const info = [
  "# Commandstats",
  "cmdstat_spublish:calls=12,usec=34,usec_per_call=2.83,rejected_calls=0,failed_calls=0",
  "cmdstat_client|setinfo:calls=4,usec=4,usec_per_call=1.00,rejected_calls=0,failed_calls=0",
  "cmdstat_info:calls=99,usec=4,usec_per_call=1.00,rejected_calls=0,failed_calls=0",
  "",
].join("\r\n");

test("calls by command, without the look itself", () => {
  expect(parseCommandStats(info)).toEqual(
    new Map([
      ["spublish", 12],
      ["client|setinfo", 4],
    ]),
  );
});

test("an answer of Redis is read once it is there whole, and an error is none", () => {
  expect(parseBulk("$5\r\nhel")).toBeUndefined();
  expect(parseBulk("$5")).toBeUndefined();
  expect(parseBulk("$5\r\nhello\r\n")).toBe("hello");
  expect(() => parseBulk("-NOAUTH Authentication required.\r\n")).toThrow("NOAUTH");
});

test("an answer that comes in pieces, after a password", async () => {
  const asked: string[] = [];
  const server = createServer((socket) => {
    socket.on("data", (data) => {
      asked.push(String(data));
      if (String(data).startsWith("AUTH")) return void socket.write("+OK\r\n");
      const answer = `$${info.length}\r\n${info}\r\n`;
      socket.write(answer.slice(0, 40));
      setTimeout(() => socket.write(answer.slice(40)), 20);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    const commands = await readRedisCommands(`redis://:se%20cret@127.0.0.1:${address.port}`);
    expect(sumOf(commands)).toBe(16);
    expect(asked).toEqual(["AUTH se cret\r\n", "INFO commandstats\r\n"]);
  } finally {
    server.close();
  }
});

test("a metric is summed over its labels, and no other that begins alike is counted", () => {
  const text = [
    "# TYPE parley_store_seconds histogram",
    'parley_store_seconds_bucket{le="0.5",node="chat-1"} 9',
    'parley_store_seconds_count{node="chat-1"} 7',
    'parley_store_seconds_count{node="a } b"} 5',
    "parley_store_seconds_counted 1000",
    "",
  ].join("\n");
  expect(sumOfMetric(text, "parley_store_seconds_count")).toBe(12);
  expect(sumOfMetric("", "parley_store_seconds_count")).toBe(0);
});

test("rates are what was used in between, a second", () => {
  const from: Counters = {
    at: 1_000,
    cpuS: new Map([["gateway", 1]]),
    commands: new Map([["get", 5]]),
    storeCalls: 10,
  };
  const to: Counters = {
    at: 3_000,
    cpuS: new Map([["gateway", 1.5]]),
    commands: new Map([
      ["get", 9],
      ["set", 2],
    ]),
    storeCalls: 30,
  };
  expect(ratesBetween(from, to)).toEqual({
    cpuMs: new Map([["gateway", 250]]),
    commands: new Map([
      ["get", 2],
      ["set", 1],
    ]),
    storeCalls: 10,
  });
});

test("CPU of threads is read in nanoseconds, and grows by what is worked", async () => {
  expect(parseSchedstat("1500000000 61001 1\n")).toBe(1.5);
  const before = await threadCpuSeconds(process.pid);
  const end = process.cpuUsage().user + 50_000;
  while (process.cpuUsage().user < end);
  expect(await threadCpuSeconds(process.pid)).toBeGreaterThan(before + 0.04);
});
