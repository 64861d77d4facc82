/** Failures that are nobody's business, each with the reason why. */

/**
 * `connect().catch(ignore('events tell'))`: takes a failure that need not be heard here. It is the
 * one way to do so that the linter lets pass (no-empty-handlers.grit).
 */
export function ignore(_reason: string): () => undefined {
  return () => undefined;
}
