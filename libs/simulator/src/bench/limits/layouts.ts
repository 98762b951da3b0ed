import { type ParleySystem, startParley } from "../side-by-side/systems.ts";

/** A way to lay out Parley's parts, started with settings of one's own. */
export interface Layout {
  readonly name: string;
  readonly title: string;
  readonly gateways: number;
  start(env?: Readonly<Record<string, string>>): Promise<ParleySystem>;
}

const split = ["--gateways", "2", "--chat-servers", "2"];
const joined = ["--joined", "2"];
const lmdb = ["--store", "lmdb"];

/** Named as in the side-by-side benchmark. */
export const layouts: readonly Layout[] = [
  {
    name: "parley-split",
    title: "Parley, two gateways and two chat servers",
    gateways: 2,
    start: (env) => startParley("cluster", [...split, ...lmdb], env),
  },
  {
    name: "parley-joined",
    title: "Parley, roles joined in two processes",
    gateways: 2,
    start: (env) => startParley("cluster", [...joined, ...lmdb], env),
  },
  {
    name: "parley-embedded",
    title: "Parley embedded: one process",
    gateways: 1,
    start: (env) => startParley("start", [], env),
  },
];
