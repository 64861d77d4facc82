/** Turns what a Java system has kept into what cim takes, or says why that cannot be. */
import { limits } from '../../../base/limits.ts';

/** Where the Java system's ids begin to count their milliseconds, and what is below these. */
const snowflakeStart = 1_622_505_600_000;
const snowflakeShift = 22n;
/** As far as zones are from UTC, and a moment between the two. */
const zoneMsMax = 14.5 * 3_600_000;

/** What is asked of a route for each message. */
export interface PendingMessage {
  readonly id: string;
  readonly from: number;
  readonly fromName: string;
  readonly to: number;
  readonly text: string;
  /** ms since 1970 */
  readonly at: number;
}

/** Undefined: it is none. */
export function userIdOf(text: unknown): number | undefined {
  const userId = /^\d{1,16}$/.test(String(text)) ? Number(text) : 0;
  return userId >= 1 && userId <= limits.userIdMax ? userId : undefined;
}

/** `fields` by their names in Redis. A text: what is wrong with it; null: it was delivered. */
export function pendingOf(
  id: string,
  receiver: unknown,
  fields: Readonly<Record<string, unknown>>,
): PendingMessage | string | null {
  if (Number(fields['status'] ?? 0) !== 0) return null;
  const properties = propertiesOf(fields['properties']);
  const to = userIdOf(receiver);
  const from = userIdOf(properties?.['sendUserId']);
  const text = fields['content'];
  if (!/^\d{1,20}$/.test(id)) return 'its id is not a number';
  const at = timeOf(id, String(fields['createdAt']));
  if (to === undefined) return 'its receiver is not the id of a user';
  if (from === undefined) return 'it does not tell its sender';
  if (typeof text !== 'string' || text === '') return 'it has no text';
  if (Buffer.byteLength(text) > limits.textBytesMax)
    return `a text may have ${limits.textBytesMax} bytes`;
  if (!text.isWellFormed()) return 'its text is not well-formed Unicode';
  if (!(at >= 0)) return 'it does not tell when it was written';
  const name = String(properties?.['sendUserName'] ?? '');
  const fromName = name.slice(0, limits.nameCharactersMax).toWellFormed();
  return { id, from, fromName, to, text, at };
}

/**
 * ms since 1970; NaN: none is told. `createdAt` is local time without a zone, but an id has the
 * moment in it, as snowflakes do. Where both cannot be meant (somebody else has made the id) this
 * machine is taken to be where the Java route was.
 */
function timeOf(id: string, createdAt: string): number {
  const written = createdAt.replace(' ', 'T');
  const local = Date.parse(written);
  if (Number.isNaN(local)) return local;
  const ofId = Number(BigInt(id) >> snowflakeShift) + snowflakeStart;
  return Math.abs(ofId - Date.parse(`${written}Z`)) <= zoneMsMax ? ofId : local;
}

function propertiesOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  let properties = value;
  try {
    if (typeof value === 'string') properties = JSON.parse(value);
  } catch {
    return undefined;
  }
  return typeof properties === 'object' && properties !== null
    ? (properties as Readonly<Record<string, unknown>>)
    : undefined;
}
