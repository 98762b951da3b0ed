import { Command, InvalidArgumentError } from "commander";

export interface TerminalOptions {
  readonly user: string;
  readonly peer: string;
  readonly dataDir: string;
  readonly urls: readonly string[];
  /** Lines instead of a screen, even on a terminal. */
  readonly isPlain: boolean;
}

function parseUser(value: string): string {
  if (/^[A-Za-z0-9_-]{1,64}$/.test(value)) return value;
  throw new InvalidArgumentError("must be 1 to 64 characters of A-Z, a-z, 0-9, _ and -");
}

function parseUrl(value: string, earlier: readonly string[] | undefined): readonly string[] {
  const isSocketUrl = URL.canParse(value) && ["ws:", "wss:"].includes(new URL(value).protocol);
  if (!isSocketUrl) throw new InvalidArgumentError("must be an address like ws://127.0.0.1:8080/v1/ws");
  return [...(earlier ?? []), value];
}

/** Reads the arguments after the program's name. Ends the process with help or a complaint, as commander does. */
export function parseOptions(argv: readonly string[]): TerminalOptions {
  const program = new Command("chat")
    .description("Chat in the terminal with a Parley system that runs on this machine.")
    .requiredOption("--as <user>", "who you are, for example ada", parseUser)
    .option("--with <user>", "whom to talk with first (default: grace, or ada if you are grace)", parseUser)
    .option("--data <folder>", "data folder of the running system: its key file signs your token", "./data")
    .option("--url <address>", "gateway; may be given several times (default: ws://127.0.0.1:8080/v1/ws)", parseUrl)
    .option("--plain", "lines of text instead of a screen, as without a terminal", false)
    .addHelpText(
      "after",
      "\nWithout a terminal, each line of standard input is sent, or run if it is a command (/help).",
    );
  program.parse([...argv], { from: "user" });
  const options = program.opts<{ as: string; with?: string; data: string; url?: readonly string[]; plain: boolean }>();
  const peer = options.with ?? (options.as === "grace" ? "ada" : "grace");
  if (peer === options.as) program.error(`error: option '--with ${peer}' must name somebody else`);
  return {
    user: options.as,
    peer,
    dataDir: options.data,
    urls: options.url ?? ["ws://127.0.0.1:8080/v1/ws"],
    isPlain: options.plain,
  };
}
