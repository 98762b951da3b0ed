export { type BusFabric, busContract, until } from "./bus-contract.ts";
