/**
 * What is still known of a frame of a server that cannot be decoded: whether it is a message, and
 * which number it has. A server puts the number behind whatever was stored, so it is looked for from
 * the end.
 */
import { commandOf } from './command-of.ts';
import { command } from './commands.ts';
import { seqTag } from './generated/wire.ts';
import { VarintReader, varintLength, writeVarint } from './varint.ts';

const seqTagBytes = new Uint8Array(varintLength(seqTag));
writeVarint(seqTagBytes, seqTag, 0);
/** Of a number up to 2^53-1. */
const numberBytesMax = 8;

/** The number of the message in its timeline; 0: it has none, or is something else. */
export function numberOfUnreadable(frame: Uint8Array): number {
  const found = commandIn(frame);
  if (found !== undefined && found !== command.message) return 0;
  // Of the bytes of a number all but the last have their highest bit set; the tag's last has not.
  let start = frame.length - 1;
  while (start > 0 && (frame[start - 1] as number) >= 0x80) start -= 1;
  const tagStart = start - seqTagBytes.length;
  if (tagStart < 0 || frame.length - start > numberBytesMax) return 0;
  if (!seqTagBytes.every((byte, index) => frame[tagStart + index] === byte)) return 0;
  const reader = new VarintReader(frame, start);
  reader.isLenient = true;
  const seq = reader.next();
  return Number.isSafeInteger(seq) ? seq : 0;
}

/** Undefined: there is none, as far as the frame can be read. */
function commandIn(frame: Uint8Array): number | undefined {
  try {
    return commandOf(frame) || undefined;
  } catch {
    return undefined;
  }
}
