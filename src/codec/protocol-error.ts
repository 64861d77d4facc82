/**
 * A peer sent bytes that no correct peer sends. The connection that sent them is closed with this
 * message; nothing else notices.
 */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
}
