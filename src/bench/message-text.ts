/**
 * What the texts of a load say: when the message was due, and on which connection it was sent.
 * Decimal digits, so that they are read from a frame's bytes as they are.
 */
import { digitsAt, textStartOf } from '../load/wire.ts';

const timeDigits = 16;
const senderDigits = 8;

/** Of the wall clock, with fractions: the processes of a run compare theirs. */
export function nowMs(): number {
  return performance.timeOrigin + performance.now();
}

export function textStart(dueMs: number, sender: number): string {
  const time = String(Math.round(dueMs * 1_000)).padStart(timeDigits, '0');
  return time + String(sender).padStart(senderDigits, '0');
}

export interface MessageText {
  readonly dueMs: number;
  readonly sender: number;
}

/** Of the MESSAGE that begins there. */
export function readText(bytes: Uint8Array, start: number): MessageText {
  const text = textStartOf(bytes, start);
  return {
    dueMs: digitsAt(bytes, text, timeDigits) / 1_000,
    sender: digitsAt(bytes, text + timeDigits, senderDigits),
  };
}
