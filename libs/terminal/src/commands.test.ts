import { expect, test } from "vitest";
import { type Command, parseCommand } from "./commands.ts";

const cases: readonly (readonly [string, Command])[] = [
  ["hello", { kind: "say", text: "hello" }],
  ["//etc is a folder", { kind: "say", text: "/etc is a folder" }],
  ["/help", { kind: "help" }],
  ["/quit", { kind: "quit" }],
  ["/new grace", { kind: "new", user: "grace" }],
  ["/group plans ada  bob", { kind: "group", name: "plans", users: ["ada", "bob"] }],
  ["/group alone", { kind: "group", name: "alone", users: [] }],
  ["/open #plans", { kind: "open", name: "#plans" }],
  ["/invite bob", { kind: "invite", user: "bob" }],
  ["/remove bob", { kind: "remove", user: "bob" }],
  ["/leave", { kind: "leave" }],
  ["/members", { kind: "members" }],
  ["/history", { kind: "history" }],
  ["/edit #12 new words", { kind: "edit", target: 12, text: "new words" }],
  ["/edit new words", { kind: "edit", text: "new words" }],
  ["/REPLY two\nlines", { kind: "reply", text: "two\nlines" }],
  ["/delete", { kind: "delete" }],
  ["/delete #3", { kind: "delete", target: 3 }],
  ["/react 👍", { kind: "react", emoji: "👍" }],
  ["/react #3 👍", { kind: "react", target: 3, emoji: "👍" }],
  ["/unreact #3 👍", { kind: "unreact", target: 3, emoji: "👍" }],
];

test.each(cases)("%s", (line, command) => {
  expect(parseCommand(line)).toEqual(command);
});

test.each([
  "/",
  "/dance",
  "/new",
  "/new two words",
  "/new ../x",
  "/group",
  "/edit",
  "/edit #3",
  "/react",
  "/open",
  "/invite a:b",
])("%s says what to write instead", (line) => {
  expect(parseCommand(line).kind).toBe("unclear");
});
