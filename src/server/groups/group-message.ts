/** A message for the members of a group on this server. */
import { type MessageFields, scanIfReadable } from '../../codec/message-scan.ts';

export interface GroupDelivery {
  readonly group: string;
  /** 0: it is transient. */
  readonly seq: number;
  readonly body: Uint8Array;
  /** Null: it cannot be read; whoever waits for its number is given it, and nobody else. */
  readonly fields: MessageFields | null;
}

export function groupMessage(group: string, seq: number, body: Uint8Array): GroupDelivery {
  return { group, seq, body, fields: scanIfReadable(body) };
}
