import type { NodeId } from "./registry.ts";

const nodePattern = /^[A-Za-z0-9_-]{1,64}$/;

/** Node names become parts of keys and topics. **Errors**: RangeError that shows the name. */
export function assertNode(node: NodeId): void {
  if (!nodePattern.test(node)) {
    throw new RangeError(`A node's name has 1 to 64 characters of A-Z a-z 0-9 _ -, unlike ${JSON.stringify(node)}.`);
  }
}
