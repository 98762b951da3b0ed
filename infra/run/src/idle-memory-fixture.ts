import { openSync } from "node:fs";
import { collectWhenIdle } from "./idle-memory.ts";

/** A process that may open no file more, for the test of what looks at its memory. Says `alive` after a second. */
collectWhenIdle(20);
// What is loaded at the first use has been loaded.
setTimeout(() => {
  try {
    for (;;) openSync("/dev/null", "r");
  } catch {
    setTimeout(() => {
      process.stdout.write("alive\n");
      process.exit(0);
    }, 1_000);
  }
}, 500);
