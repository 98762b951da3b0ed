export { type LinkPair, type LinkPairOptions, linkContract } from "./link-contract.ts";
