import { textOf } from "../../../side-by-side/generator/bare-socket.ts";
import { reckonMessages } from "../../reckon/messages.ts";
import type { Stage } from "../stage.ts";
import { measureLoads, tallFleet, wideFleet, wireFleet } from "./loads.ts";
import { measurePages } from "./pages.ts";
import { measureSaturated } from "./saturated.ts";

export const messagesStage: Stage = {
  name: "messages",
  title: "what messages and pages cost, by rooms and fleets",
  gives: [
    "gatewayMessageMs",
    "gatewayFrameMs",
    "gatewayDeliveryMs",
    "gatewayPageMs",
    "gatewayBaseMib",
    "chatMessageMs",
    "chatMongoMs",
    "chatHopMs",
    "chatFrameMs",
    "chatDeliveryMs",
    "chatPageMs",
    "chatBaseMib",
    "linkMessageBytes",
    "linkFrameBytes",
    "linkDeliveryBytes",
    "sendBytes",
    "ackBytes",
    "deliveryBytes",
    "pageBytes",
    "redisPublishMs",
    "redisPairPublishes",
    "redisHopBytes",
    "mongoMessageMs",
    "mongoPageMs",
    "mongoTrafficBytes",
    "lmdbMessageMs",
  ],
  async measure(options) {
    const wire = await measureLoads(wireFleet, options, (system, idle) => measurePages(system, idle, options));
    const wide = await measureLoads(wideFleet, options, async () => undefined);
    const tall = await measureLoads(tallFleet, options, async () => undefined);
    const saturated = await measureSaturated(options);
    const fitted = wide.repeats.map(([, ...loads], index) => [...loads, ...(tall.repeats[index] ?? [])]);
    const compared = wide.repeats.flatMap(([load]) => load ?? []);
    const textBytes = Buffer.byteLength(textOf(0));
    return { ...reckonMessages({ fitted, compared, wire: wire.repeats, saturated, textBytes }), ...wire.after };
  },
};
