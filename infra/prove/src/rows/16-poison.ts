import { openWire } from "@parley/simulator";
import { brokenFrames, drawPoison, sendBroken } from "../means/poison.ts";
import { openWitness } from "../means/witness.ts";
import type { ClusterRow } from "../row.ts";

/** Ten bad frames a minute close a socket (4429), so each is used for fewer. */
const framesEach = 8;
const poisonersMax = 6;
const sayEveryMs = 40;

export const row: ClusterRow = {
  number: 16,
  topology: "cluster",
  title: "poison frames into a busy channel",
  how:
    "Members of a channel in which somebody goes on speaking send everything into it that is no request: " +
    "every field of every frame wrong in every way of the contract, what is no JSON, nesting of 30,000, lone " +
    "surrogates, operators of databases, binary, and bytes that break RFC 6455. The others notice nothing.",
  load: { users: 40, actionsPerS: 60 },
  async run({ fleet, scene, random, inject, pause, require, figure }) {
    const urls = fleet.urls;
    const open = (user: string, index: number) =>
      openWitness(scene, { url: urls[index % urls.length] ?? "", user, device: "w", token: fleet.tokenOf(user) });
    const poisoners = Array.from({ length: poisonersMax }, (_, index) => `poisoner-${index}`);
    const speaker = await open("speaker", 0);
    const listeners = await Promise.all(["ear-0", "ear-1", "ear-2"].map(open));
    const members = [...listeners.map(({ user }) => user), ...poisoners];
    const asked = { type: "channel.create", id: "busy-room", kind: "group", members };
    const channel = String((await speaker.request(asked))["channel"]);
    const fault = inject("poison frames");
    let isOver = false;
    let said = 0;
    const speaking = (async () => {
      while (!isOver) {
        said += 1;
        await speaker.request({ type: "send", id: `say-${said}`, channel, text: `sentence ${said}` });
        await pause(sayEveryMs);
      }
    })();
    const poison = drawPoison(random, channel);
    let at = 0;
    let sockets = 0;
    let answered = 0;
    const poisonBy = async (user: string): Promise<void> => {
      while (at < poison.length) {
        const wire = await openWire({
          url: random.pick(urls),
          token: fleet.tokenOf(user),
          device: `p-${sockets++}`,
        }).catch(() => undefined);
        // Too busy to let anybody in: once more.
        if (wire === undefined) {
          await pause(300);
          continue;
        }
        const frames = poison.slice(at, at + framesEach);
        at += framesEach;
        for (const frame of frames) wire.socket.send(frame);
        await pause(150);
        answered += wire.frames.filter(({ type }) => type === "error").length;
        await wire.close();
      }
    };
    await Promise.all(poisoners.map(poisonBy));
    for (const bytes of brokenFrames()) await Promise.all(urls.map((url) => sendBroken(url, bytes)));
    isOver = true;
    await speaking;
    fault.end();
    const head = speaker.at(channel);
    const end = scene.now() + 10_000;
    while (listeners.some((one) => one.at(channel) < head) && scene.now() < end) await pause(100);
    figure("poison", `${poison.length} frames over ${sockets} sockets, ${answered} answered by an error`);
    const left = [speaker, ...listeners].filter(({ isOpen }) => !isOpen).length;
    require("nobody else's socket ended", left === 0, `${left} of ${listeners.length + 1} ended`);
    // Poison into a channel where nobody speaks would prove nothing.
    if (said < 10) throw new Error(`only ${said} sentences were said in the channel meanwhile`);
    figure("sentences said in the channel meanwhile", `${said}`);
    for (const one of [speaker, ...listeners]) one.end();
  },
};
