/** Lines from a pipe, a file, or a terminal that is not talked to as one. */
import { limits } from '../../base/limits.ts';
import type { InputSource } from './input-source.ts';
import { LineSplitter, type ReadLine } from './line-splitter.ts';

/** The longest text, and what may stand around it: a receiver, a command, a delay. */
const lineBytesMax = limits.textBytesMax + 256;

export function pipeInput(stream: NodeJS.ReadableStream): InputSource {
  return { lines: readLines(stream), stop: () => stream.pause() };
}

async function* readLines(stream: NodeJS.ReadableStream): AsyncGenerator<ReadLine> {
  const splitter = new LineSplitter(lineBytesMax);
  for await (const chunk of stream) yield* splitter.push(Buffer.from(chunk));
  yield* splitter.end();
}
