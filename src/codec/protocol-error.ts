/**
 * A peer sent bytes that no correct peer sends. The connection that sent them is closed with this
 * message; nothing else notices.
 */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';

  /** Throws whatever else was caught: a bug is not the peer's. */
  static assert(error: unknown): asserts error is ProtocolError {
    if (!(error instanceof ProtocolError)) throw error;
  }
}
