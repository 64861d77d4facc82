/**
 * A client's acknowledgement: everything up to a number of a timeline was shown, and how far its user
 * has got with what others have sent there. Read by hand, as there is one for every few messages, and
 * as strictly as everything else of clients (client-frame.ts).
 */
import { limits } from '../base/limits.ts';
import { command } from './commands.ts';
import type { Mark } from './generated/link.ts';
import { afterTag, cmdTag, groupTag, markKind, marksTag, markTags } from './generated/wire.ts';
import { decodeText, toHex } from './message-scan.ts';
import { ProtocolError } from './protocol-error.ts';
import { VarintReader } from './varint.ts';

export interface AcknowledgementFrame {
  /** Empty: the user's own timeline. */
  readonly group: string;
  readonly seq: number;
  readonly marks: readonly Mark[];
}

export const epochBytes = 8;

const none: readonly Mark[] = [];

/** Throws ProtocolError unless it holds what belongs to an ACK, each number and text at most once. */
export function decodeAcknowledgement(frame: Uint8Array): AcknowledgementFrame {
  const reader = new VarintReader(frame);
  let group = '';
  let seq = 0;
  let marks: Mark[] | undefined;
  let seen = 0;
  while (!reader.done) {
    const found = reader.next();
    const field = Math.floor(found / 8);
    if (found !== marksTag) seen = once(seen, field);
    switch (found) {
      case cmdTag:
        if (reader.next() !== command.ack) throw new ProtocolError('this is no acknowledgement');
        break;
      case groupTag: {
        const length = reader.next();
        const start = reader.skip(length);
        group = decodeText(frame, start, reader.offset);
        break;
      }
      case afterTag:
        seq = reader.next();
        break;
      case marksTag: {
        const length = reader.next();
        const start = reader.skip(length);
        marks ??= [];
        if (marks.length >= limits.marksPerFrameMax)
          throw new ProtocolError(`a frame has at most ${limits.marksPerFrameMax} marks`);
        marks.push(decodeMark(new VarintReader(frame, start, reader.offset)));
        break;
      }
      default:
        throw new ProtocolError(`field ${field} is not a client's to set here`);
    }
  }
  return { group, seq, marks: marks ?? none };
}

function decodeMark(reader: VarintReader): Mark {
  const mark = { from: 0, epochHex: '', sendSeq: 0, seq: 0, kind: 0 };
  let seen = 0;
  while (!reader.done) {
    const found = reader.next();
    seen = once(seen, Math.floor(found / 8));
    switch (found) {
      case markTags.from:
        mark.from = reader.next();
        break;
      case markTags.epoch: {
        const length = reader.next();
        const start = reader.skip(length);
        if (length !== epochBytes) throw new ProtocolError(`an epoch has ${epochBytes} bytes`);
        mark.epochHex = toHex(reader.bytes, start, reader.offset);
        break;
      }
      case markTags.sendSeq:
        mark.sendSeq = reader.next();
        break;
      case markTags.seq:
        mark.seq = reader.next();
        break;
      case markTags.kind:
        mark.kind = reader.next();
        break;
      default:
        throw new ProtocolError(`field ${Math.floor(found / 8)} does not belong to a mark`);
    }
  }
  const { from, epochHex, sendSeq, seq, kind } = mark;
  if (from === 0 || epochHex === '' || sendSeq === 0 || seq === 0)
    throw new ProtocolError('a mark names a message, and its number');
  if (kind > markKind.readQuietly) throw new ProtocolError(`there is no mark of kind ${kind}`);
  return mark;
}

/** `seen` with this field, of which there must not be a second; fields below 32 only. */
function once(seen: number, field: number): number {
  const bit = 1 << (field % 32);
  if ((seen & bit) !== 0) throw new ProtocolError(`field ${field} is there twice`);
  return seen | bit;
}
