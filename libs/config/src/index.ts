export {
  type ConfigTable,
  defineConfig,
  type Environment,
  type ParsedConfig,
  type Relation,
} from "./define-config.ts";
export { ConfigError, type ConfigOf, type Field, type Fields, rangeOf } from "./field.ts";
export { envName, optionName } from "./names.ts";
export { renderHelp, renderMarkdown } from "./render.ts";
