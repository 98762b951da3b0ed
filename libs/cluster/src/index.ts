export type * from "./registry.ts"; export { RegistryError } from "./registry.ts";
