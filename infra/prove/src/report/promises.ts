/** The invariants in the words of somebody who uses a chat. */
export const promises: readonly { readonly name: string; readonly promise: string }[] = [
  { name: "C1", promise: "What was acknowledged is in the log, at the number that was told, with the same content." },
  { name: "C2", promise: "Nothing is there twice, however often it was sent." },
  { name: "C3", promise: "A channel's events are numbered 1, 2, 3 … without a hole." },
  {
    name: "C4",
    promise:
      "Each socket sees a contiguous, ascending run of the log, each event once, in the same bytes; what it is not sent is announced.",
  },
  { name: "C5", promise: "Nothing is stored or delivered that nobody sent, or that was refused." },
  {
    name: "C6",
    promise:
      "What was acknowledged before something else was sent comes before it; each sender's own order holds across reconnects.",
  },
  { name: "C7", promise: "One reads what one wrote; no read goes back behind an earlier one." },
  { name: "C8", promise: "Only members are served, and only while they are members." },
  { name: "C9", promise: "Ten seconds after the last fault every member has everything, and every outbox is empty." },
  {
    name: "C10",
    promise:
      "No process ends unasked, nothing goes unhandled; when everyone has left, no socket, session or timer is left.",
  },
  { name: "C11", promise: "A refusal was true at some moment between the request and its answer." },
  { name: "row", promise: "What a row asks for besides (named there)." },
  { name: "checkers", promise: "Both checkers come to the same verdict." },
];
