export { linkContract, type LinkPair, type LinkPairOptions } from "./link-contract.ts";
