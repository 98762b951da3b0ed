import { type Field, type Fields, rangeOf } from "./field.ts";
import { envName, optionName } from "./names.ts";

/** The text of `--help`. */
export function renderHelp(about: string, section: string, fields: Fields): string {
  const lines = about === "" ? [] : [about, ""];
  lines.push("Options (each also as an environment variable):");
  for (const [key, field] of Object.entries(fields)) {
    const value =
      field.type === "boolean"
        ? ""
        : ` <${field.type === "integer" || field.type === "number" ? field.unit : field.type}>`;
    lines.push(`  --${optionName(key)}${value}`, `      ${field.help}`);
    lines.push(`      ${rangeOf(field)}; default ${shownDefault(field)}; ${envName(section, key, field.env)}`);
  }
  lines.push("  --help", "      This text.");
  return `${lines.join("\n")}\n`;
}

/** One section of the docs page: a heading and a table. */
export function renderMarkdown(
  title: string,
  tables: readonly { readonly section: string; readonly fields: Fields }[],
): string {
  const lines = [`## ${title}`, "", "| setting | default | range | what it does |", "| --- | --- | --- | --- |"];
  for (const { section, fields } of tables) {
    for (const [key, field] of Object.entries(fields)) {
      const variable = `\`${envName(section, key, field.env)}\``;
      // The settings of a part have no command line of their own.
      const name = section === "" ? `\`--${optionName(key)}\`<br>${variable}` : variable;
      lines.push(`| ${name} | ${cell(shownDefault(field))} | ${cell(rangeOf(field))} | ${cell(field.help)} |`);
    }
  }
  return `${lines.join("\n")}\n`;
}

function shownDefault(field: Field): string {
  if (field.type === "list") return field.default.length === 0 ? "none" : field.default.join(",");
  return field.default === undefined ? "none" : String(field.default);
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}
