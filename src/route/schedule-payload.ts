/** What the store keeps of a scheduled message, as JSON: a user or a group, and the text. */
export interface SchedulePayload {
  readonly to?: number;
  readonly group?: string;
  readonly text: string;
}

export function encodePayload({ to, group, text }: SchedulePayload): Uint8Array {
  return Buffer.from(JSON.stringify({ to, group, text }));
}

export function decodePayload(payload: Uint8Array): SchedulePayload {
  return JSON.parse(Buffer.from(payload).toString('utf8')) as SchedulePayload;
}
