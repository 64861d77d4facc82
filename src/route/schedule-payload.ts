/**
 * What the store keeps of a scheduled message, as JSON: a user or a group, and the text or what is
 * sealed in its place.
 */
export interface SchedulePayload {
  readonly to?: number;
  readonly group?: string;
  readonly text: string;
  readonly sealed?: Uint8Array;
}

type SavedPayload = Omit<SchedulePayload, 'sealed'> & {
  /** base64url */
  readonly sealed?: string;
};

export function encodePayload({ to, group, text, sealed }: SchedulePayload): Uint8Array {
  const encoded = sealed && Buffer.from(sealed).toString('base64url');
  return Buffer.from(JSON.stringify({ to, group, text, sealed: encoded }));
}

export function decodePayload(payload: Uint8Array): SchedulePayload {
  const { sealed, ...saved } = JSON.parse(Buffer.from(payload).toString('utf8')) as SavedPayload;
  return sealed === undefined ? saved : { ...saved, sealed: Buffer.from(sealed, 'base64url') };
}
