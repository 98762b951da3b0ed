export type * from "./bus.ts"; export { BusError } from "./bus.ts";
