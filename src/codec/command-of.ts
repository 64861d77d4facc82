/** What a frame is, before it is decoded. */
import { command } from './commands.ts';
import { cmdTag } from './generated/wire.ts';
import { VarintReader } from './varint.ts';

/** One for all: it is asked of every frame. */
const commandReader = new VarintReader(new Uint8Array());
commandReader.isLenient = true;

/**
 * The command of a client's frame, which lies in `bytes` from `start` to `end`; 0 (login) when the
 * field is not there, which is how the Java system writes it.
 */
export function commandOf(bytes: Uint8Array, start = 0, end: number = bytes.length): number {
  commandReader.over(bytes, start, end);
  while (!commandReader.done) {
    const next = commandReader.next();
    if (next === cmdTag) return commandReader.next();
    commandReader.skipValue(next & 7);
  }
  return command.login;
}
