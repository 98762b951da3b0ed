import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test, vi } from "vitest";
import { type ChildSpec, createSupervisor } from "./supervisor.ts";

const module = fileURLToPath(new URL("./supervisor-fixture.ts", import.meta.url));
const spec: ChildSpec = { node: "gw-1", role: "gateway", environment: {} };

function create() {
  const lines: string[] = [];
  const backs: { pid: number; address: string | undefined }[] = [];
  const supervisor = createSupervisor({
    module,
    say: (line) => lines.push(line),
    onBack: (_spec, pid, up) => backs.push({ pid, address: up.parts[0]?.address }),
  });
  onTestFinished(() => supervisor.kill());
  return { supervisor, lines, backs };
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test("a child is up when it says so, and what it says on the way is passed on", async () => {
  const { supervisor, lines } = create();
  const child = await supervisor.start(spec);
  expect(child.up.parts[0]?.address).toBe("ws://127.0.0.1:4711");
  expect(lines).toEqual(["gw-1: almost"]);
  expect(isAlive(child.pid)).toBe(true);
});

test("a child that ends before it is up fails the start and is not tried again", async () => {
  const { supervisor, lines } = create();
  const start = supervisor.start({ ...spec, environment: { FIXTURE_EXIT: "2" } });
  await expect(start).rejects.toThrow("gateway gw-1 ended before it was up (exit code 2)");
  expect(lines).toEqual([]);
});

test("a child that is killed is reported and comes back at its old address", async () => {
  const { supervisor, lines, backs } = create();
  const child = await supervisor.start(spec);
  process.kill(child.pid, "SIGKILL");
  await vi.waitUntil(() => backs.length === 1, { timeout: 30_000 });
  expect(lines).toContain(`gateway gw-1 (pid ${child.pid}) died: SIGKILL; starting it again in 0.5 s`);
  expect(backs[0]?.pid).not.toBe(child.pid);
  expect(backs[0]?.address).toBe("ws://127.0.0.1:4712");
  expect(lines).toContain(`gateway gw-1 is back: pid ${backs[0]?.pid}`);
});

test("a child that drains and ends with 0 is started again at once, at its old address, as often as it likes", async () => {
  const { supervisor, lines, backs } = create();
  let { pid } = await supervisor.start(spec);
  for (let round = 1; round <= 3; round += 1) {
    process.kill(pid, "SIGTERM");
    await vi.waitUntil(() => backs.length === round, { timeout: 30_000 });
    expect(lines).toContain(`gateway gw-1 (pid ${pid}) has drained and ended; starting it anew`);
    pid = backs.at(-1)?.pid ?? 0;
  }
  expect(backs.map(({ address }) => address)).toEqual(Array(3).fill("ws://127.0.0.1:4712"));
  expect(lines.filter((line) => line.includes("died"))).toEqual([]);
});

test("a child that is stopped drains, is gone and stays away", async () => {
  const { supervisor, backs } = create();
  const child = await supervisor.start(spec);
  await supervisor.stop(["gw-1", "nobody"], 20_000);
  expect(isAlive(child.pid)).toBe(false);
  await supervisor.stop(["gw-1"], 20_000);
  expect(backs).toEqual([]);
});

test("a child that does not drain in time is killed", async () => {
  const { supervisor } = create();
  const child = await supervisor.start({ ...spec, environment: { FIXTURE_DEAF: "1" } });
  await supervisor.stop(["gw-1"], 50);
  expect(isAlive(child.pid)).toBe(false);
});
