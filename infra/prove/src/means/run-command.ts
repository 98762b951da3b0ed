import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** What a command of the system prints. **Errors**: rejects where it is not there or fails. */
export async function runCommand(command: string, ...args: readonly string[]): Promise<string> {
  return (await promisify(execFile)(command, args)).stdout;
}

/** Undefined where the command works, else why it does not. */
export async function whyNot(what: string, command: string, ...args: readonly string[]): Promise<string | undefined> {
  try {
    await runCommand(command, ...args);
    return undefined;
  } catch (error) {
    const reason = error instanceof Error ? error.message.trim().split("\n").at(-1) : String(error);
    return `${what} (${reason})`;
  }
}
