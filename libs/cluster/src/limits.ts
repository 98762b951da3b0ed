/** Users in one presence query. */
export const presenceQueryMax = 1_000;
/** Users on one page of everyone online. */
export const presencePageMax = 1_000;
