import { systemKinds } from "../systems.ts";

/** In tables and figures, where a column is narrow. */
const shortTitles: Readonly<Record<string, string>> = {
  "socket.io": "Socket.IO",
  glue: "the glue",
};

export function shortTitleOf(system: string): string {
  return shortTitles[system] ?? system;
}

/** What stands behind each short name, in the order of the table. */
export function legend(systems: readonly string[]): readonly string[] {
  return systemKinds
    .filter(({ name }) => systems.includes(name))
    .map(({ name, title }) => (title.startsWith(shortTitleOf(name)) ? title : `${shortTitleOf(name)}: ${title}`));
}
