import { mkdtemp, rm, statfs, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand, whyNot } from "../means/run-command.ts";
import type { EmbeddedRow } from "../row.ts";

const diskMiB = 2;
const biggerMiB = 64;
const fullForMs = 8_000;
const leftBytes = 96 * 1024;
/** Chance makes one or two on any day. */
const notStoredMin = 10;

export const row: EmbeddedRow = {
  number: 12,
  topology: "embedded",
  title: "disk full under the embedded store",
  how:
    "The data of npm start lies on a file system of 2 MiB in memory. Something else fills it up while people write; for " +
    "8 s nothing more can be stored, so nothing more may be acknowledged. Then the process is killed by SIGKILL, the " +
    "file system grows to 64 MiB, and the process is started again on what it had stored.",
  load: { users: 30, channels: 12, actionsPerS: 60 },
  async whyNot() {
    if (process.platform !== "linux") return "tmpfs is a file system of Linux";
    const folder = await mkdtemp(join(tmpdir(), "parley-disk-"));
    const why = await whyNot(
      "mounting a tmpfs needs root",
      "mount",
      "-t",
      "tmpfs",
      "-o",
      `size=${diskMiB}m`,
      "tmpfs",
      folder,
    );
    if (why === undefined) await runCommand("umount", folder);
    await rm(folder, { recursive: true, force: true });
    return why;
  },
  async prepare() {
    const data = await mkdtemp(join(tmpdir(), "parley-disk-"));
    await runCommand("mount", "-t", "tmpfs", "-o", `size=${diskMiB}m`, "tmpfs", data);
    let isMounted = true;
    return {
      data,
      async remove() {
        if (!isMounted) return;
        isMounted = false;
        await runCommand("umount", data);
        await rm(data, { recursive: true, force: true });
      },
    };
  },
  async run({ fleet, inject, mark, pause, until, figure, scene, require }) {
    const { data } = fleet;
    await pause(3_000);
    const filler = join(data, "filler");
    const { bavail, bsize } = await statfs(data);
    await writeFile(filler, Buffer.alloc(Math.max(0, bavail * bsize - leftBytes), 1));
    const fault = inject(`the disk is full but for ${leftBytes / 1024} KiB`);
    // The store first uses up what is free inside its own file.
    const { unknown } = scene.counters;
    await until("a request that could not be stored", () => scene.counters.unknown >= unknown + notStoredMin, 60_000);
    mark("nothing more can be stored");
    const { acked } = scene.counters;
    await pause(fullForMs);
    figure("acked in the 8 s when the disk was full", String(scene.counters.acked - acked));
    require("the process lives on", fleet.isUp, fleet.isUp ? "it does" : "it ended");
    fleet.expectEnd();
    process.kill(fleet.pid, "SIGKILL");
    await until("the end of the process", () => !fleet.isUp, 10_000);
    await runCommand("mount", "-o", `remount,size=${biggerMiB}m`, data);
    await unlink(filler);
    await fleet.start();
    fault.end(`the disk has ${biggerMiB} MiB, and the process was started again`);
    await pause(3_000);
  },
};
