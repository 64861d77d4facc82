/** The frames of a connection as a client has them: what it writes, and what it reads. Runs in browsers too. */
import { frame } from './frame.ts';
import {
  bytesOfRequest,
  type Request,
  type Response,
  readResponseOf,
} from './generated/messages.ts';
import type { Written } from './proto-bytes.ts';

/** What servers send. */
export type ServerFrame = Response;
/** What cim clients send. */
export type RequestFields = Written<Request>;

/** Throws ProtocolError. Bytes of it are in the memory of `bytes`. */
export function decodeServerFrame(bytes: Uint8Array): ServerFrame {
  return readResponseOf(bytes);
}

/** A whole frame, length included. */
export function encodeRequest(fields: RequestFields): Uint8Array {
  return frame(bytesOfRequest(fields));
}
