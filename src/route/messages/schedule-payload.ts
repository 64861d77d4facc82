/**
 * What the store keeps of a scheduled message, as JSON: a user or a group, and the text or what is
 * sealed in its place.
 */
import { decodeUtf8 } from '../../base/text/utf8.ts';

export interface SchedulePayload {
  readonly to?: number;
  readonly group?: string;
  readonly text: string;
  readonly sealed?: Uint8Array;
  /** An application has sent it. */
  readonly isExempt?: boolean;
}

type SavedPayload = Omit<SchedulePayload, 'sealed'> & {
  /** base64url */
  readonly sealed?: string;
};

export function encodePayload({ sealed, ...payload }: SchedulePayload): Uint8Array {
  const encoded = sealed && Buffer.from(sealed).toString('base64url');
  return Buffer.from(JSON.stringify({ ...payload, sealed: encoded }));
}

export function decodePayload(payload: Uint8Array): SchedulePayload {
  const { sealed, ...saved } = JSON.parse(decodeUtf8(payload) ?? '') as SavedPayload;
  return sealed === undefined ? saved : { ...saved, sealed: Buffer.from(sealed, 'base64url') };
}
