/** Reads lines from a pipe, a file, or a terminal that has no line editor on it. */
import { fstatSync } from 'node:fs';
import { describeError } from '../../../base/errors.ts';
import { limits } from '../../../base/limits.ts';
import { InputFailure, type InputSource } from './input-source.ts';
import { LineSplitter, type ReadLine } from './line-splitter.ts';

/** The longest text, and what may stand around it: a receiver, a command, a delay. */
export const lineBytesMax = limits.textBytesMax + 256;

/** `bytesMax`: of one line. */
export function pipeInput(stream: InputStream, bytesMax = lineBytesMax): InputSource {
  return { lines: readLines(stream, bytesMax), stop: () => stream.pause() };
}

/** `fd` where it is one of the process. */
type InputStream = NodeJS.ReadableStream & { readonly fd?: number };

/** When the input cannot be read on, what had come of a line by then is not told. */
async function* readLines(stream: InputStream, bytesMax: number): AsyncGenerator<ReadLine> {
  // To Node.js it is an empty input.
  if (stream.fd !== undefined && fstatSync(stream.fd).isDirectory())
    throw new InputFailure('the input is a folder');
  const splitter = new LineSplitter(bytesMax);
  const chunks = stream[Symbol.asyncIterator]();
  for (;;) {
    const { value, done } = await nextOf(chunks);
    if (done) break;
    yield* splitter.push(Buffer.from(value));
  }
  yield* splitter.end();
}

type Chunk = string | Buffer;

async function nextOf(chunks: AsyncIterator<Chunk>): Promise<IteratorResult<Chunk>> {
  try {
    return await chunks.next();
  } catch (cause) {
    const reason = describeError(cause);
    throw new InputFailure(`the input could not be read to its end: ${reason}`, { cause });
  }
}
