/**
 * A cim client's MESSAGE, checked and read in one pass. There is nothing in cim that is done more
 * often, so it makes no object and no closure, and looks at each byte once.
 */
import { isUtf8 } from 'node:buffer';
import { command } from './commands.ts';
import {
  cmdTag,
  contentTag,
  groupTag,
  keyEpochTag,
  reqMsgTag,
  restartTag,
  sealedTag,
  sendSeqTag,
  silentTag,
  toTag,
  transientTag,
} from './generated/wire.ts';
import { decodeText } from './message-scan.ts';
import { ProtocolError } from './protocol-error.ts';
import { VarintReader } from './varint.ts';

// A binding of its own: the compiler takes it for the constant that it is.
const messageCommand = command.message;

const keyEpochMax = 0xffff_ffff;

/** One is enough for all messages of a process: it holds the one that was read last. */
export class MessageReader {
  to = 0;
  group = '';
  sendSeq = 0;
  restart = false;
  transient = false;
  silent = false;
  keyEpoch = 0;
  textBytes = 0;
  sealedBytes = 0;
  contentBytes = 0;

  readonly #reader = new VarintReader(new Uint8Array());

  /**
   * Reads the frame that lies in `bytes` from `start` to `end`. Throws ProtocolError unless it holds
   * only what belongs to a MESSAGE, each at most once, and written so that every client reads it, and
   * reads the same: it is stored and pushed as it came, so nothing rides along, and what one decoder
   * refuses would end the connection of whoever is shown it.
   */
  read(bytes: Uint8Array, start: number, end: number): void {
    const reader = this.#reader;
    reader.over(bytes, start, end);
    this.to = 0;
    this.group = '';
    this.sendSeq = 0;
    this.restart = false;
    this.transient = false;
    this.silent = false;
    this.keyEpoch = 0;
    this.textBytes = 0;
    this.sealedBytes = 0;
    this.contentBytes = 0;
    let seen = 0;
    let seenFurther = 0;
    while (!reader.done) {
      const found = reader.next();
      const field = Math.floor(found / 8);
      // Clients have the field numbers below 32 and from 64 on (proto/cim.proto), so each has a bit.
      const bit = 1 << (field % 32);
      if (((field < 32 ? seen : seenFurther) & bit) !== 0)
        throw new ProtocolError(`field ${field} is there twice`);
      if (field < 32) seen |= bit;
      else seenFurther |= bit;
      this.#readField(reader, found);
    }
  }

  #readField(reader: VarintReader, found: number): void {
    switch (found) {
      case cmdTag:
        if (reader.next() !== messageCommand) throw new ProtocolError('this is no message');
        return;
      case reqMsgTag: {
        const length = reader.next();
        const start = reader.skip(length);
        this.textBytes = length;
        assertUtf8(reader.bytes, start, reader.offset);
        return;
      }
      case toTag:
        this.to = reader.next();
        return;
      case groupTag: {
        const length = reader.next();
        const start = reader.skip(length);
        this.group = decodeText(reader.bytes, start, reader.offset);
        return;
      }
      case sendSeqTag:
        this.sendSeq = reader.next();
        return;
      case restartTag:
        this.restart = reader.nextFlag();
        return;
      case transientTag:
        this.transient = reader.nextFlag();
        return;
      case sealedTag: {
        const length = reader.next();
        reader.skip(length);
        this.sealedBytes = length;
        return;
      }
      case contentTag: {
        const length = reader.next();
        reader.skip(length);
        this.contentBytes = length;
        return;
      }
      case silentTag:
        this.silent = reader.nextFlag();
        return;
      case keyEpochTag:
        this.keyEpoch = reader.next();
        // Of a larger one others read the lower bits alone.
        if (this.keyEpoch > keyEpochMax) throw new ProtocolError('no group has had so many keys');
        return;
      default:
        throw new ProtocolError(`field ${Math.floor(found / 8)} is not a client's to set here`);
    }
  }
}

/** A longer one is checked faster by native code, although that needs a view of it. */
const shortTextBytes = 96;

function assertUtf8(bytes: Uint8Array, start: number, end: number): void {
  if (end - start <= shortTextBytes && isAscii(bytes, start, end)) return;
  if (!isUtf8(bytes.subarray(start, end))) throw new ProtocolError('a text is not UTF-8');
}

function isAscii(bytes: Uint8Array, start: number, end: number): boolean {
  let all = 0;
  for (let offset = start; offset < end; offset++) all |= bytes[offset] as number;
  return all < 0x80;
}
