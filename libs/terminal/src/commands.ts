/** What a line of input asks for. `target` is a message's number; undefined means the obvious one. */
export type Command =
  | { readonly kind: "say"; readonly text: string }
  | { readonly kind: "help" }
  | { readonly kind: "quit" }
  | { readonly kind: "new"; readonly user: string }
  | { readonly kind: "group"; readonly name: string; readonly users: readonly string[] }
  | { readonly kind: "open"; readonly name: string }
  | { readonly kind: "invite" | "remove"; readonly user: string }
  | { readonly kind: "leave" | "members" | "history" }
  | { readonly kind: "edit" | "reply"; readonly target?: number; readonly text: string }
  | { readonly kind: "delete"; readonly target?: number }
  | { readonly kind: "react" | "unreact"; readonly target?: number; readonly emoji: string }
  | { readonly kind: "unclear"; readonly message: string };

export const help: readonly (readonly [string, string])[] = [
  ["/new grace", "talk with one person"],
  ["/group plans ada bob", "start a group"],
  ["/open plans", "go to a conversation (Tab: the next one)"],
  ["/invite bob   /remove bob", "who is in this group"],
  ["/members   /leave", "see who is here; go"],
  ["/reply [#12] text", "answer the last message, or that one"],
  ["/edit [#12] text", "change your last message, or that one"],
  ["/delete [#12]", "delete your last message, or that one"],
  ["/react [#12] 👍   /unreact 👍", "react to the last message, or that one"],
  ["/history", "show older messages (Page Up scrolls)"],
  ["/quit", "leave; what is unsent is kept and sent next time"],
];

const userPattern = /^[A-Za-z0-9_-]{1,64}$/;

/** Reads one line. Never throws; what can't be understood comes back as `unclear`, with what to type instead. */
export function parseCommand(line: string): Command {
  // Two slashes send a message that begins with one.
  if (line.startsWith("//")) return { kind: "say", text: line.slice(1) };
  if (!line.startsWith("/")) return { kind: "say", text: line };
  const [, word = "", rest = ""] = /^\/(\S*)\s*([\s\S]*)$/.exec(line) ?? [];
  const words = rest.split(/\s+/).filter((part) => part !== "");
  switch (word.toLowerCase()) {
    case "help":
    case "?":
      return { kind: "help" };
    case "quit":
    case "exit":
    case "q":
      return { kind: "quit" };
    case "members":
    case "leave":
    case "history":
      return { kind: word.toLowerCase() as "members" | "leave" | "history" };
    case "new":
      return withUser(words, "/new grace", (user) => ({ kind: "new", user }));
    case "invite":
      return withUser(words, "/invite grace", (user) => ({ kind: "invite", user }));
    case "remove":
      return withUser(words, "/remove grace", (user) => ({ kind: "remove", user }));
    case "open":
      return rest === "" ? unclear("/open plans") : { kind: "open", name: rest };
    case "group":
      return parseGroup(words);
    case "edit":
    case "reply":
      return parseText(word.toLowerCase() as "edit" | "reply", rest);
    case "delete":
      return { kind: "delete", ...takeTarget(rest).target };
    case "react":
    case "unreact":
      return parseReaction(word.toLowerCase() as "react" | "unreact", rest);
    default:
      return { kind: "unclear", message: `There is no /${word}. /help shows what there is.` };
  }
}

function unclear(example: string): Command {
  return { kind: "unclear", message: `Write it like this: ${example}` };
}

function withUser(words: readonly string[], example: string, make: (user: string) => Command): Command {
  const [user, ...more] = words;
  if (user === undefined || more.length > 0 || !userPattern.test(user)) return unclear(example);
  return make(user);
}

function parseGroup([name, ...users]: readonly string[]): Command {
  if (name === undefined || !users.every((user) => userPattern.test(user))) return unclear("/group plans ada bob");
  return { kind: "group", name, users };
}

function takeTarget(text: string): { readonly target: { readonly target?: number }; readonly rest: string } {
  const match = /^#(\d{1,15})\s*([\s\S]*)$/.exec(text);
  if (match === null) return { target: {}, rest: text };
  return { target: { target: Number(match[1]) }, rest: match[2] ?? "" };
}

function parseText(kind: "edit" | "reply", text: string): Command {
  const { target, rest } = takeTarget(text);
  return rest === "" ? unclear(`/${kind} [#12] text`) : { kind, ...target, text: rest };
}

function parseReaction(kind: "react" | "unreact", text: string): Command {
  const { target, rest } = takeTarget(text);
  const emoji = rest.trim();
  return emoji === "" ? unclear(`/${kind} [#12] 👍`) : { kind, ...target, emoji };
}
