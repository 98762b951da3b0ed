import type { AxisName } from "../axes.ts";
import type { FigureName } from "./figures.ts";
import type { Course } from "./verdict.ts";

/** Why a figure is not flat along an axis, as it was understood from what was measured. */
export interface Reason {
  readonly axis: AxisName;
  readonly figures: readonly FigureName[];
  readonly course: Exclude<Course, "flat">;
  readonly why: string;
}

export const reasons: readonly Reason[] = [
  {
    axis: "users",
    figures: ["ackP99", "endToEndP99"],
    course: "grows",
    why:
      "By 10 ms over a hundredfold, in one run of 2,000 messages a size: the slowest twenty decide it. What grows beside it is the heap that a " +
      "collection walks; that it is this was not shown.",
  },
  {
    axis: "channels",
    figures: ["storeAMessage"],
    course: "grows",
    why:
      "Whoever writes has read, and read marks are gathered by user for a second before they are written. 200 messages a second are five a second " +
      "of each of 40 people (one write of marks to five messages), or one in twenty seconds of each of 4,000 (one to one): 1.2, 1.8 and 2 calls, as " +
      "counted. It ends at two.",
  },
  {
    axis: "members",
    figures: ["cpuAMessage", "ackP50", "ackP99", "endToEndP50", "endToEndP99"],
    course: "grows",
    why:
      "A message has ten times as many deliveries with each step, and each is a write to a socket, which is most of what it costs. The ack " +
      "waits for a part of them where the same process writes both.",
  },
  {
    axis: "members",
    figures: ["cpuADelivery"],
    course: "falls",
    why: "What a message costs once (judging, the append, its publish, one frame a gateway) is shared by more deliveries.",
  },
  {
    axis: "history",
    figures: ["pageCpu", "resumeCpu"],
    course: "grows",
    why:
      "From 1,000 to 10,000 events only; from there to 100,000 it is flat, and store calls and times are the same at all three. Why was not shown. " +
      "CPU of one run goes up and down by as much here: a message has 2.5, 1.7 and 2.5 ms.",
  },
  {
    axis: "channels-a-user",
    figures: ["ackP99", "endToEndP99"],
    course: "falls",
    why: "The smallest size had a pause of 0.2 s in its one window; the others are as in the other tables.",
  },
  {
    axis: "channels-a-user",
    figures: ["connectCpu", "connectP50"],
    course: "grows",
    why:
      "Each channel is attached: followed, its head compared, its cursor told. Some 15 \u00b5s of CPU a channel, from 2 to 200, beside 1.5 ms that a connect " +
      "costs anyway.",
  },
  {
    axis: "chat-servers",
    figures: ["redisAMessage"],
    course: "grows",
    why:
      "One publish to each server that holds members, and one to bring the request to the channel's home where that is another. The ten members of a " +
      "channel are on one, two, four or six servers then. It ends at the members of a channel.",
  },
  {
    axis: "chat-servers",
    figures: ["cpuAMessage", "cpuADelivery"],
    course: "grows",
    why:
      "Every server that holds members reads the message from Redis, follows the channel and sends its own frames to the gateways: the same ten deliveries " +
      "are made by up to six processes, each of which wakes for one or two of them. What a fleet gains by it are more cores, of which there are two here.",
  },
  {
    axis: "chat-servers",
    figures: ["ackP50", "ackP99", "endToEndP50", "endToEndP99"],
    course: "grows",
    why:
      "A message has more hops, and thirteen processes share two cores: with eight servers more than a core is busy with 200 messages a second, and each " +
      "hop waits for a core. On a core a process it would be told by the hops alone; that was not measured.",
  },
  {
    axis: "chat-servers",
    figures: ["memory", "idleCpu"],
    course: "grows",
    why: "A process costs some 70 MiB before it holds anything, and its heartbeats, pings and looks some 25 ms/s.",
  },
  {
    axis: "gateways",
    figures: ["cpuAMessage", "cpuADelivery"],
    course: "grows",
    why: "A chat server sends one frame to each gateway that holds members of the channel: some six of eight for the ten of them, each with one wake-up.",
  },
  {
    axis: "gateways",
    figures: ["ackP99", "endToEndP99"],
    course: "grows",
    why: "Only with eight, where thirteen processes share two cores; up to four it is flat.",
  },
  {
    axis: "gateways",
    figures: ["memory", "idleCpu"],
    course: "grows",
    why: "A process costs some 60 MiB before it holds anything, and its heartbeats and looks some 10 ms/s.",
  },
];

export function findReason(axis: AxisName, figure: FigureName, course: Course): string | undefined {
  return reasons.find((one) => one.axis === axis && one.course === course && one.figures.includes(figure))?.why;
}
