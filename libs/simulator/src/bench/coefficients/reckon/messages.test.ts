import { describe, expect, test } from "vitest";
import { mapTotals } from "../measure/window.ts";
import { type Load, reckonMessages, spreadOver, wordsOf } from "./messages.ts";

const textBytes = 77;
/** What loads are made of here, to be found again. */
const truth = {
  gateway: { message: 0.2, frame: 0.1, delivery: 0.015 },
  chat: { message: 1.1, word: 0.2, frame: 0.05, delivery: 0.001 },
  link: { message: 200, frame: 150, delivery: 4 },
  ack: 60,
  delivery: 140,
  send: 90,
  publish: 0.08,
  wordBytes: 320,
  store: 3,
  storeBytes: 900,
} as const;

function loadOf(chatServers: number, members: number, frames: number, factor = 1): Load {
  const words = wordsOf({ chatServers, members });
  const { gateway, chat, link } = truth;
  const links = link.message + textBytes + frames * (link.frame + textBytes) + members * link.delivery;
  const [clientIn, clientOut] = [truth.send + textBytes, truth.ack + members * (truth.delivery + textBytes)];
  const redisBytes = words * (truth.wordBytes + 2 * textBytes);
  const totals: Readonly<Record<string, number>> = {
    gatewayCpuMs: factor * (gateway.message + frames * gateway.frame + members * gateway.delivery),
    chatCpuMs: factor * (chat.message + words * chat.word + frames * chat.frame + members * chat.delivery),
    redisCpuMs: words * truth.publish,
    storeCpuMs: truth.store,
    gatewayIoBytes: links + clientIn + clientOut,
    chatIoBytes: links + redisBytes + truth.storeBytes + textBytes,
    clientInBytes: clientIn,
    clientOutBytes: clientOut,
    publishes: words,
    redisBytes,
  };
  const aMessage = mapTotals((name) => totals[name] ?? 0);
  return { name: `rooms of ${members}`, chatServers, members, frames, messagesPerS: 100, otherCores: 0.1, aMessage };
}

const loads = (factor = 1): readonly Load[] => [
  loadOf(2, 2, 2, factor),
  loadOf(2, 10, 3.875, factor),
  loadOf(2, 100, 4, factor),
  loadOf(1, 4, 1, factor),
  loadOf(1, 16, 4, factor),
];
/** On the wire a message takes 0.4 ms more of a chat server. */
const dearer = (load: Load): Load => {
  return { ...load, aMessage: mapTotals((name) => load.aMessage[name] + (name === "chatCpuMs" ? 0.4 : 0)) };
};
const compared = [loadOf(2, 2, 2), loadOf(2, 2, 2)];
const wire = compared.map((load) => [load, dearer(load)]);
const saturated = [{ load: loadOf(2, 2, 2, 0.5), gatewayMib: 150, chatMib: 200 }];

describe("of loads that are made of known costs", () => {
  const found = reckonMessages({ fitted: [loads(0.9), loads(1.1)], compared, wire, saturated, textBytes });

  test.each([
    ["gatewayMessageMs", truth.gateway.message],
    ["gatewayFrameMs", truth.gateway.frame],
    ["gatewayDeliveryMs", truth.gateway.delivery],
    ["chatMessageMs", truth.chat.message],
    ["chatHopMs", truth.chat.word],
    ["chatMongoMs", 0.4],
    ["chatFrameMs", truth.chat.frame],
    ["chatDeliveryMs", truth.chat.delivery],
    ["linkMessageBytes", truth.link.message],
    ["linkFrameBytes", truth.link.frame],
    ["linkDeliveryBytes", truth.link.delivery],
    ["ackBytes", truth.ack],
    ["deliveryBytes", truth.delivery],
    ["sendBytes", truth.send],
    ["redisPublishMs", truth.publish],
    ["redisHopBytes", truth.wordBytes],
    ["mongoMessageMs", truth.store],
    ["mongoTrafficBytes", truth.storeBytes],
    ["gatewayBaseMib", 150],
    ["chatBaseMib", 200],
  ] as const)("%s is found again", (name, value) => {
    expect(found[name]?.value).toBeCloseTo(value, 3);
  });

  test("the spread is that of the repeats, and what a saturated system takes stands beside it", () => {
    expect(found.chatMessageMs?.spread).toEqual({ low: 0.99, high: 1.21, samples: 2 });
    expect(found.chatMessageMs?.seen).toMatch(/rooms of 2 at 100\/s: .* saturated, rooms of 2 at 100\/s: /);
  });

  test("that other work had a core meanwhile stands in what was seen", () => {
    const disturbed = loads().map((load) => ({ ...load, otherCores: 0.9 }));
    const { chatMessageMs } = reckonMessages({ fitted: [disturbed, loads()], compared, wire, saturated, textBytes });
    expect(chatMessageMs?.seen).toContain("DOUBTFUL: other work had 0.9 cores");
    expect(found.chatMessageMs?.seen).not.toContain("DOUBTFUL");
  });

  test("publishes of a pair are those of saturated rooms of two, by direction", () => {
    expect(found.redisPairPublishes?.value).toBeCloseTo((1.25 * 100) / 2, 6);
  });
});

test("places that are hit: none of none, one of one, nearly all of few by many", () => {
  expect(spreadOver(5, 0)).toBe(0);
  expect(spreadOver(5, 1)).toBeCloseTo(1, 12);
  expect(spreadOver(2, 2)).toBe(1.5);
  expect(spreadOver(4, 1_000)).toBeCloseTo(4, 9);
});
