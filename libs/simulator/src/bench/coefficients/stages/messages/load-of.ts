import { type LoadWindow, mapTotals, minus } from "../../measure/window.ts";
import { type Load, otherCoresMax } from "../../reckon/messages.ts";
import type { StageOptions } from "../stage.ts";

/** Sockets that are opened at once. */
export const openingMax = 40;
export const warmingS = 4;

/** What a message of a window took, idling left out. Tells what makes the figures doubtful. */
export function loadOf(
  name: string,
  shape: Pick<Load, "chatServers" | "members" | "frames">,
  { messagesPerS, rates, figures, otherCores }: LoadWindow,
  idle: LoadWindow["rates"],
  say: StageOptions["say"],
): Load {
  const net = minus(rates, idle);
  const aMessage = mapTotals((total) => net[total] / messagesPerS);
  const { busy, refused, lost, announced, doubled } = figures;
  const cpu = (["gatewayCpuMs", "chatCpuMs", "redisCpuMs", "storeCpuMs"] as const).map((role) =>
    aMessage[role].toFixed(3),
  );
  const resting = `gateways ${idle.gatewayCpuMs.toFixed(0)}, chat servers ${idle.chatCpuMs.toFixed(0)} ms/s idle`;
  say(
    `${name}: ${messagesPerS.toFixed(0)}/s; ms a message: ${cpu.join(" ")}; generator ${busy.toFixed(2)} of a core; ${resting}`,
  );
  if (otherCores > otherCoresMax) say(`  DOUBTFUL: other work took ${otherCores.toFixed(2)} of a core meanwhile`);
  if (refused + lost - announced + doubled > 0) say(`  ${refused} refused, ${lost} lost, ${doubled} doubled`);
  return { name, ...shape, messagesPerS, otherCores, aMessage };
}
