/**
 * Makes the body under which a message is stored and later pushed: the bytes as a client sent them, and behind them the fields that only servers set. Nothing is
 * decoded or re-encoded on the way.
 */
import { command } from './commands.ts';
import { com } from './protobuf.ts';

const { Response, Request } = com.crossoverjie.cim.common.protocol;

export interface Origin {
  readonly from: number;
  readonly fromName: string;
  /** 8 bytes. */
  readonly fromEpoch: Uint8Array;
  /** When a route accepted it, ms since 1970. */
  readonly at: number;
}

/** Appends the origin to a client's MESSAGE. */
export function appendOrigin(clientFrame: Uint8Array, origin: Origin): Uint8Array {
  const tail = Response.encode(origin).finish();
  const body = new Uint8Array(clientFrame.length + tail.length);
  body.set(clientFrame);
  body.set(tail, clientFrame.length);
  return body;
}

export interface ClientMessage {
  readonly to?: number;
  readonly group?: string;
  readonly sendSeq: number;
  readonly text: string;
}

/** What a cim client would have sent for this message; for those that come over HTTP. */
export function encodeClientMessage({ to, group, sendSeq, text }: ClientMessage): Uint8Array {
  const fields: NonNullable<Parameters<typeof Request.create>[0]> = {
    cmd: command.message,
    reqMsg: text,
    sendSeq,
  };
  if (to !== undefined) fields.to = to;
  if (group !== undefined) fields.group = group;
  return Request.encode(Request.create(fields)).finish();
}
